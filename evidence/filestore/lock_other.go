//go:build !unix

package filestore

import "os"

// tryLock always says yes where there are no advisory locks: a file that another process has open cannot be removed there.
func tryLock(*os.File) bool { return true }
