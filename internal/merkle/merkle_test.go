package merkle

import (
	"encoding/hex"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The root is that of another implementation of RFC 6962, for every shape of tree up to 70 leaves.
func TestRoot(t *testing.T) {
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = hashes[n]
		}
		return out, nil
	})
	for n := int64(0); n <= 70; n++ {
		var m Tree
		for i := int64(0); i < n; i++ {
			m.Add([]byte(fmt.Sprint(i)))
		}
		want, err := tlog.TreeHash(n, read)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Root(); got != hex.EncodeToString(want[:]) {
			t.Errorf("root of %d leaves: got %s, want %x", n, got, want)
		}
		more, err := tlog.StoredHashes(n, []byte(fmt.Sprint(n)), read)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
}
