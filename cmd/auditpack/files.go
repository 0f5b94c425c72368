package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"auditpack/internal/atomicfile"
)

// writeFile writes a result whole or not at all, and over an existing file only with force.
func writeFile(path string, b []byte, force bool) error {
	write := atomicfile.Write
	if force {
		write = atomicfile.Overwrite
	}
	if err := write(path, b, 0o644); err != nil {
		return writeError(path, err)
	}
	return nil
}

// writeError adds the next thing to type to what stood in the way of a result.
func writeError(path string, err error) error {
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		return fmt.Errorf("write %q: it is a folder; name a file", path)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %q: it is there already; write over it with --force", path)
	}
	return fmt.Errorf("write %q: %w", path, err)
}
