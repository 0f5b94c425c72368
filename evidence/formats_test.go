package evidence_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/internal/doctest"
)

const formats = "../docs/formats/"

func TestRecordPage(t *testing.T) {
	b := strings.TrimSuffix(doctest.Blocks(t, formats+"record.md", "json")[0], "\n")
	r, err := evidence.DecodeRecord([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doctest.Blocks(t, formats+"record.md", "digest"), []string{string(d) + "\n"}); diff != "" {
		t.Errorf("digest (-page +got):\n%s", diff)
	}
	log := doctest.Blocks(t, formats+"record.md", "log")[0]
	if p := r.Content[0]; p.Digest != evidence.DigestOf([]byte(log)) || p.SizeBytes != int64(len(log)) {
		t.Errorf("part: got %s, %d bytes; the log on the page is %s, %d bytes", p.Digest, p.SizeBytes, evidence.DigestOf([]byte(log)), len(log))
	}
}

func TestJournalPage(t *testing.T) {
	var c evidence.Chain
	blocks := doctest.Blocks(t, formats+"journal.md", "json")
	for _, b := range blocks {
		if _, err := c.Add([]byte(strings.TrimSuffix(b, "\n"))); err != nil {
			t.Error(err)
		}
	}
	if c.Size() != 2 || c.SourceLast("vault-prod") != 1 {
		t.Errorf("got %d entries, last of vault-prod %d", c.Size(), c.SourceLast("vault-prod"))
	}
}
