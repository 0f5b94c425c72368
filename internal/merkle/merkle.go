// Package merkle computes Merkle tree hashes as RFC 6962, section 2.1, has them. It knows nothing of what the leaves are.
package merkle

import (
	"crypto/sha256"
	"encoding/hex"
)

// Tree computes the root over leaves that come one by one. It keeps one hash for each bit of their number. The zero value is the empty
// tree. It is not safe for concurrent use.
type Tree struct {
	size  int64
	stack [][sha256.Size]byte // roots of complete trees, larger before smaller
	bytes []byte              // hashed last: room for the next
}

// RFC 6962 tells leaves from inner nodes by a first byte.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// Add appends a leaf, which it does not keep.
func (m *Tree) Add(leaf []byte) {
	m.bytes = append(append(m.bytes[:0], leafPrefix), leaf...)
	m.stack = append(m.stack, sha256.Sum256(m.bytes))
	// As many trees are complete now as the old size ended in ones.
	for n := m.size; n&1 == 1; n >>= 1 {
		m.join()
	}
	m.size++
}

// join makes one tree of the last two.
func (m *Tree) join() {
	last := len(m.stack) - 1
	m.bytes = append(append(append(m.bytes[:0], nodePrefix), m.stack[last-1][:]...), m.stack[last][:]...)
	m.stack[last-1] = sha256.Sum256(m.bytes)
	m.stack = m.stack[:last]
}

// Size is the number of leaves so far.
func (m *Tree) Size() int64 { return m.size }

// Root returns the root in hexadecimal digits. It ends the tree: no leaf may follow.
func (m *Tree) Root() string {
	if m.size == 0 {
		empty := sha256.Sum256(nil)
		return hex.EncodeToString(empty[:])
	}
	for len(m.stack) > 1 {
		m.join()
	}
	return hex.EncodeToString(m.stack[0][:])
}
