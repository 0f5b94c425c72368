package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
)

// looseFiles bounds how many files of one folder are looked at.
const looseFiles = 1000

// warnOfLoosePermissions tells people of what decides a verdict and can be written by everybody on this machine: the store, the
// configuration, the seal keys, and the files and folders that sources name, such as exceptions. It changes nothing.
func (s *session) warnOfLoosePermissions(c *cli.Context) {
	if runtime.GOOS == "windows" {
		return // the mode says nothing there
	}
	paths := append([]string{s.store.Dir(), s.Path(workspace.FileName), s.Path(keyFolder)}, s.ConfiguredPaths()...)
	told := map[string]bool{} // one path may lie in another
	for _, path := range paths {
		for _, loose := range loose(path) {
			if !told[loose] {
				note(c, "warning: everybody on this machine may write %q: take that right away with chmod o-w", loose)
			}
			told[loose] = true
		}
	}
}

// loose lists what everybody may write: path, or what lies in it.
func loose(path string) (found []string) {
	info, err := os.Stat(path)
	if err != nil {
		return nil // whoever reads it says what is wrong
	}
	if everybodyWrites(info) {
		return []string{path}
	}
	if !info.IsDir() {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer d.Close()
	entries, err := d.ReadDir(looseFiles)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && everybodyWrites(info) {
			found = append(found, filepath.Join(path, e.Name()))
		}
	}
	return found
}

// everybodyWrites says whether everybody may change the content. A folder with the sticky bit, as /tmp has it, lets nobody touch what is
// another's; the mode of a link means nothing.
func everybodyWrites(info fs.FileInfo) bool {
	if info.Mode()&fs.ModeSymlink != 0 || info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
		return false
	}
	return info.Mode().Perm()&0o002 != 0
}
