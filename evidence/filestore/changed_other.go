//go:build !linux

package filestore

import (
	"io/fs"
	"time"
)

// changedAt is when the file was last written: the other systems name the time of any change differently.
func changedAt(info fs.FileInfo) time.Time { return info.ModTime() }
