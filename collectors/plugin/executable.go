package plugin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

// maxExecutable bounds what is copied and hashed before it is known to be the right file, in bytes.
const maxExecutable = 1 << 30

// pin copies the file that path names into dir, a folder that nobody else may enter, and returns the path of the copy. The digest
// is of the bytes that were copied, so that what is compared is what is started. A file with another digest is not kept.
func pin(ctx context.Context, path, dir string, want evidence.Digest) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", cause(err)
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return "", cause(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	if info.Size() > maxExecutable {
		return "", fmt.Errorf("it has %d bytes, more than %d", info.Size(), int64(maxExecutable))
	}
	name := filepath.Join(dir, "plugin")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500)
	if err != nil {
		return "", fmt.Errorf("copy it: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), io.LimitReader(contextio.Reader(ctx, from), maxExecutable))
	if err := errors.Join(err, to.Close()); err != nil {
		return "", fmt.Errorf("copy it: %w", err)
	}
	if got := evidence.DigestSum(sum); got != want {
		return "", fmt.Errorf("got %s, want %s as configured: it was not started; if the new file is right, write its digest to sha256", got, want)
	}
	return name, nil
}

// cause takes the path off an error of the file system, where the message has it already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
