package bundle

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/seal"
	"auditpack/internal/doctest"
)

const page = "../../docs/formats/bundle.md"

// TestBundlePage holds the page's example to what Create writes and to what Verify reads.
func TestBundlePage(t *testing.T) {
	f := newFixture(t)
	members := unpack(t, readFile(t, create(t, f.options(t))))
	var names strings.Builder
	for _, m := range members {
		names.WriteString(m.name + "\n")
	}
	if diff := cmp.Diff(doctest.Blocks(t, page, "members")[0], names.String()); diff != "" {
		t.Errorf("members (-page +got):\n%s", diff)
	}

	key, err := seal.ParsePublicKey([]byte(doctest.Blocks(t, page, "pem")[0]))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doctest.Blocks(t, page, "fingerprint")[0], key.Fingerprint()+"\n"); diff != "" {
		t.Errorf("fingerprint (-page +got):\n%s", diff)
	}
	statement, sealed, err := seal.Open(t.Context(), []byte(doctest.Blocks(t, page, "envelope")[0]), key)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.TrimSuffix(doctest.Blocks(t, page, "json")[0], "\n"); !bytes.HasSuffix(sealed.Signed, []byte(text)) {
		t.Errorf("the statement on the page is not the one that is signed: %s", sealed.Signed)
	}
	p, err := parsePredicate(statement)
	if err != nil {
		t.Fatal(err)
	}
	info := doctest.Blocks(t, page, "info")[0]
	if !strings.HasPrefix(info, strings.TrimSuffix(bagInfo(p, 0, 0), "Payload-Oxum: 0.0\n")) {
		t.Errorf("bag-info.txt on the page does not fit the seal: %s", info)
	}
}
