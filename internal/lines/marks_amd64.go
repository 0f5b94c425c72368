package lines

import "golang.org/x/sys/cpu"

// hasWide says that this machine has the instructions of addWide.
var hasWide = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// addWide has m take the n bytes at b into account, which are a multiple of wideBytes and not 0.
//
//go:noescape
func addWide(m *marks, b *byte, n int)
