package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/facts"
	"auditpack/evidence/filestore"
)

func evidenceFsck(c *cli.Context, s *session) error {
	var last filestore.FsckProgress
	faults, err := filestore.Fsck(c.Context, s.store, func(p filestore.FsckProgress) { last = p })
	if err != nil {
		return err
	}
	parts, err := s.checkTables(c, &faults)
	if err != nil {
		return err
	}
	if err := printFaults(outputOf(c), faults); err != nil {
		return err
	}
	if len(faults) > 0 {
		return unverified("evidence fsck: %s in %q", count(len(faults), "fault"), s.store.Dir())
	}
	note(c, "%d blobs, the journal and %d parts of tables are as they were written", last.Blobs, parts)
	return nil
}

// faultTable is the kind of a fault in a table that was made from evidence. It costs nothing but time.
const faultTable filestore.FaultKind = "table-changed"

// checkTables adds the faults of the cache, and says how many parts of tables it has.
func (s *session) checkTables(c *cli.Context, faults *[]filestore.Fault) (parts int, err error) {
	wrong, parts, err := facts.CheckCache(c.Context, s.Path(cacheFolder))
	for _, w := range wrong {
		*faults = append(*faults, filestore.Fault{Kind: faultTable, File: cacheFolder + "/" + w.File, Text: w.Text})
	}
	return parts, err
}

func evidenceCopy(c *cli.Context, s *session) error {
	to := c.String("to")
	if to == "" {
		return usagef("evidence copy: say where to with --to DIR")
	}
	var last filestore.FsckProgress
	faults, err := filestore.Copy(c.Context, s.store, to, func(p filestore.FsckProgress) { last = p })
	if printErr := printFaults(outputOf(c), faults); err == nil {
		err = printErr
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("evidence copy: %q is a store already; name another folder", to)
	}
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return unverified("evidence copy: %s; all else is in %q", count(len(faults), "fault"), to)
	}
	note(c, "%d blobs (%s) and the journal are in %q, read again and as they were written", last.Blobs, formatBytes(last.Bytes), to)
	return nil
}

func printFaults(out output, faults []filestore.Fault) error {
	for _, f := range faults {
		if out.json {
			if err := out.object(f); err != nil {
				return err
			}
			continue
		}
		where := f.File
		if where == "" {
			where = string(f.Digest)
		}
		fmt.Fprintf(out.w, "%s  %s  %s\n", f.Kind, where, f.Text)
		for _, u := range f.Uses {
			fmt.Fprintf(out.w, "    %s\n", useText(u))
		}
	}
	return nil
}

// useText says what rests on a damaged blob.
func useText(u filestore.Use) string {
	if u.Record == "" {
		return fmt.Sprintf("was in the %s (journal entry %d)", u.Bundle, u.Entry)
	}
	return fmt.Sprintf("record %s of source %s rests on it (journal entry %d)", u.Record, u.Source, u.Entry)
}

// isBrokenPipe says that whoever reads our output has gone.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
