package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is what the collector needs of an *os.File.
type file interface {
	io.ReadSeekCloser
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}

// findLogs returns the files that the configuration names, each once, and tells what is wrong with a name or pattern, or errMoved.
func (c *collector) findLogs(fault func(name string, err error)) []logFile {
	var files []logFile
	var infos []fs.FileInfo
	for _, pattern := range c.AuditLogs {
		paths, err := c.expand(pattern)
		if err != nil {
			fault(pattern, err)
			continue
		}
		for _, path := range paths {
			f := logFile{path: path, shown: c.shown(pattern, path)}
			info, err := os.Stat(path)
			if err == nil && info.IsDir() {
				continue
			}
			if err == nil && !info.Mode().IsRegular() {
				err = errors.New("not a regular file")
			}
			if errors.Is(err, fs.ErrNotExist) && isGlob(pattern) && !isLink(path) {
				err = errMoved
			}
			if err != nil {
				fault(f.shown, fmt.Errorf("find audit log %q: %w", f.shown, cause(err)))
				continue
			}
			if slices.ContainsFunc(infos, func(known fs.FileInfo) bool { return os.SameFile(known, info) }) {
				continue // globs may overlap, and links lead to one file
			}
			f.size = info.Size()
			files, infos = append(files, f), append(infos, info)
		}
	}
	assignDevices(files)
	return files
}

func isGlob(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// isLink says whether path is a symbolic link, whose file may be missing.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// expand returns the absolute paths that a configured file name or glob stands for.
func (c *collector) expand(pattern string) ([]string, error) {
	abs := c.env.Path(pattern)
	if !isGlob(pattern) {
		return []string{abs}, nil
	}
	// What the workspace's own path looks like is no pattern.
	if base := c.env.Path("."); strings.HasPrefix(abs, base) {
		abs = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(base) + abs[len(base):]
	}
	paths, err := filepath.Glob(abs)
	if err != nil {
		return nil, fmt.Errorf("find audit logs %q: %w", pattern, err)
	}
	if len(paths) > 0 {
		return paths, nil
	}
	// Glob is silent about a folder that it may not read.
	if dir := filepath.Dir(c.env.Path(pattern)); !strings.ContainsAny(dir, `*?[`) {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, fmt.Errorf("find audit logs %q: %w", pattern, cause(err))
		}
	}
	return nil, fmt.Errorf("find audit logs %q: no file has such a name", pattern)
}

// shown returns the path as people know it.
func (c *collector) shown(pattern, path string) string {
	if filepath.IsAbs(pattern) {
		return path
	}
	if rel, err := filepath.Rel(c.env.Path("."), path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// cause takes the path off an error of the file system, where the message has it already, and says what helps.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if denied(err) {
		return fmt.Errorf("%w: give the account that runs auditpack read access, by the file's group or an access list", err)
	}
	return err
}
