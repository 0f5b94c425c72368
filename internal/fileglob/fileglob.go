// Package fileglob finds the files that a glob names, and says when it cannot see whether there are any.
package fileglob

import (
	"io/fs"
	"strings"
)

// special are the characters that mean something in a glob.
const special = `*?[\`

// Split cuts a glob with slashes into the folders before its first special character and the rest.
func Split(pattern string) (folder, rest string) {
	fixed := pattern
	if i := strings.IndexAny(pattern, special); i >= 0 {
		fixed = pattern[:i]
	}
	cut := strings.LastIndexByte(fixed, '/')
	switch {
	case cut < 0:
		return ".", pattern
	case cut == 0:
		return "/", pattern[1:]
	}
	return pattern[:cut], pattern[cut+1:]
}

// Match returns the names in tree that the rest of a glob fits, in the order of names. fs.Glob takes a folder that may not be read
// for an empty one; here it is an error, which wraps fs.ErrNotExist where there is no such folder.
func Match(tree fs.FS, rest string) ([]string, error) {
	if strings.ContainsAny(rest, special) { // a name alone is found without reading its folder
		if _, err := fs.ReadDir(tree, "."); err != nil {
			return nil, err
		}
	}
	return fs.Glob(tree, rest)
}
