package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/filestore"
)

func evidenceFsck(c *cli.Context, s *session) error {
	out := outputOf(c)
	var last filestore.FsckProgress
	faults, err := filestore.Fsck(c.Context, s.store, func(p filestore.FsckProgress) { last = p })
	if err != nil {
		return err
	}
	if out.json {
		for _, f := range faults {
			if err := out.object(f); err != nil {
				return err
			}
		}
	} else {
		for _, f := range faults {
			where := f.File
			if where == "" {
				where = string(f.Digest)
			}
			fmt.Fprintf(out.w, "%s  %s  %s\n", f.Kind, where, f.Text)
		}
	}
	if len(faults) > 0 {
		return unverified("evidence fsck: %s in %q", count(len(faults), "fault"), s.store.Dir())
	}
	note(c, "%d blobs and the journal are as they were written", last.Blobs)
	return nil
}

// isBrokenPipe says that whoever reads our output has gone.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
