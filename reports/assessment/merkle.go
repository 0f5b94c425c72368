package assessment

import (
	"crypto/sha256"
	"encoding/hex"
)

// merkle computes the root of a Merkle tree (RFC 6962, section 2.1) over leaves that come one by one. It keeps one hash for each
// bit of their number. The zero value is the empty tree.
type merkle struct {
	size  int64
	stack [][sha256.Size]byte // roots of complete trees, larger before smaller
}

// RFC 6962 tells leaves from inner nodes by a first byte.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// add appends a leaf.
func (m *merkle) add(leaf []byte) {
	h := sha256.New()
	h.Write([]byte{leafPrefix})
	h.Write(leaf)
	m.stack = append(m.stack, [sha256.Size]byte(h.Sum(nil)))
	// As many trees are complete now as the old size ended in ones.
	for n := m.size; n&1 == 1; n >>= 1 {
		m.join()
	}
	m.size++
}

// join makes one tree of the last two.
func (m *merkle) join() {
	last := len(m.stack) - 1
	m.stack[last-1] = nodeHash(m.stack[last-1], m.stack[last])
	m.stack = m.stack[:last]
}

// root returns the root in hexadecimal digits. It ends the tree: no leaf may follow.
func (m *merkle) root() string {
	if m.size == 0 {
		empty := sha256.Sum256(nil)
		return hex.EncodeToString(empty[:])
	}
	for len(m.stack) > 1 {
		m.join()
	}
	return hex.EncodeToString(m.stack[0][:])
}

func nodeHash(left, right [sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte{nodePrefix}, left[:]...), right[:]...))
}
