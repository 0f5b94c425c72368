//go:build !amd64

package lines

const hasWide = false

func addWide(*marks, *byte, int) {}
