package filestore

import (
	"io/fs"
	"syscall"
	"time"
)

// changedAt is when the file was last touched in any way, its times included: nobody can set it.
func changedAt(info fs.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return time.Time{}
}
