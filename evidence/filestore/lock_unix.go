//go:build unix

package filestore

import (
	"syscall"

	"auditpack/internal/disk"
)

// tryShare takes f for this process beside others that share it, until it is closed, and says whether it could.
func tryShare(f disk.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil
}

// tryLock takes f for this process until it is closed, and says whether it could. The kernel lets go when the process dies.
func tryLock(f disk.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
