package facts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"auditpack/evidence"
)

// sumSuffix ends the name of the file beside a cached part that has its SHA-256, in the form of sha256sum.
const sumSuffix = ".sha256"

// writeSum notes the digest of the finished part temp, which will be called path. The part gets its name after it, so that a part
// without a sum is never a finished one.
func writeSum(temp, path string) error {
	d, err := digestOfFile(temp)
	if err != nil {
		return err
	}
	return os.WriteFile(path+sumSuffix, []byte(d.Hex()+"  "+filepath.Base(path)+"\n"), 0o644)
}

func digestOfFile(path string) (evidence.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return evidence.DigestSum(h), nil
}

// CachedPart is a part or a kept result in the cache that is not as it was made.
type CachedPart struct {
	File string // below the cache, with slashes
	Text string // what is wrong with it
}

// CheckCache compares every part and every kept result in the folder cache with the digest that was noted when it was made, and returns those
// that differ and the number of all. A part may always be deleted: it is made again from the evidence. A cache that is not there has no parts.
func CheckCache(ctx context.Context, cache string) (wrong []CachedPart, parts int, err error) {
	err = filepath.WalkDir(cache, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == cache {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || e.IsDir() {
			return err
		}
		check := checkOf(path)
		if check == nil {
			return nil
		}
		parts++
		name, err := filepath.Rel(cache, path)
		if err != nil {
			return err
		}
		if text := check(path); text != "" {
			wrong = append(wrong, CachedPart{filepath.ToSlash(name), text})
		}
		return nil
	})
	if err != nil {
		return wrong, parts, fmt.Errorf("check tables: %w", err)
	}
	return wrong, parts, nil
}

// checkOf gives what compares a file of the cache with the digest that was noted of it and says what is wrong, empty for nothing; it is nil for
// a file of which none is noted.
func checkOf(path string) func(path string) string {
	switch filepath.Ext(path) {
	case ".parquet":
		return checkPart
	case resultSuffix:
		return checkResult
	}
	return nil
}

func checkPart(path string) string {
	noted, err := os.ReadFile(path + sumSuffix)
	if err != nil {
		return "its digest was not noted when it was made: delete it"
	}
	want, _, _ := strings.Cut(string(noted), " ")
	got, err := digestOfFile(path)
	if err != nil {
		return err.Error()
	}
	return compareSum(got, evidence.Digest("sha256:"+want))
}

func checkResult(path string) string {
	file, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	_, noted, got := splitResult(file)
	return compareSum(got, noted)
}

func compareSum(got, want evidence.Digest) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("it was changed: got %s, want %s; delete it, and it is made again from the evidence", got, want)
}
