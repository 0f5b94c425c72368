package bundle

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/seal"
	"auditpack/internal/canonical"
)

// PredicateType names what a seal's predicate says: a Predicate.
const PredicateType = "urn:auditpack:bundle:1"

// Predicate is what the seal says of a bundle, beside the digests of manifests and checkpoint.
type Predicate struct {
	Format       string          `json:"format"` // Format
	Organization string          `json:"organization"`
	Identifier   string          `json:"identifier"` // what was bundled: framework and period
	AsOf         string          `json:"as_of"`      // YYYY-MM-DD
	Agent        string          `json:"agent"`      // name and version of the program
	Origin       string          `json:"origin"`     // of the checkpoint: names the store
	Entries      int64           `json:"entries"`    // of the journal
	Last         evidence.Digest `json:"last"`       // of the last entry's bytes
	Root         string          `json:"root"`       // of the journal's tree (RFC 6962), base64 as in the checkpoint
	ArchiveBytes int64           `json:"archive_bytes"`
	Archive      evidence.Digest `json:"archive"` // of the first ArchiveBytes bytes of the zip: everything before the seal
	SealedAt     *time.Time      `json:"sealed_at,omitempty"`
	Key          string          `json:"key,omitempty"` // where the private key lies, with its version, when a service keeps it: vault-transit://transit/audit-seal?version=3
}

// newStatement returns what is signed.
func newStatement(p Predicate, manifest, tagManifest, checkpoint evidence.Digest) (seal.Statement, error) {
	b, err := canonical.Marshal(p)
	if err != nil {
		return seal.Statement{}, err
	}
	subject := func(name string, d evidence.Digest) seal.Subject {
		return seal.Subject{Name: name, Digest: map[string]string{"sha256": d.Hex()}}
	}
	return seal.Statement{
		Type:          seal.StatementType,
		Subject:       []seal.Subject{subject(manifestFile, manifest), subject(tagManifestFile, tagManifest), subject(checkpointFile, checkpoint)},
		PredicateType: PredicateType, Predicate: b,
	}, nil
}

// parsePredicate reads the predicate of a statement strictly.
func parsePredicate(s seal.Statement) (Predicate, error) {
	if s.PredicateType != PredicateType {
		return Predicate{}, fmt.Errorf("predicate type: got %q, want %q", s.PredicateType, PredicateType)
	}
	var p Predicate
	if err := canonical.Unmarshal(s.Predicate, &p); err != nil {
		return Predicate{}, err
	}
	if p.Format != Format {
		return Predicate{}, fmt.Errorf("format: got %q, want %q", p.Format, Format)
	}
	return p, nil
}

// bagInfo returns the content of bag-info.txt for a payload of that many bytes and files.
func bagInfo(p Predicate, bytes int64, files int) string {
	return fmt.Sprintf("Source-Organization: %s\nExternal-Identifier: %s\nBagging-Date: %s\nBag-Software-Agent: %s\nPayload-Oxum: %d.%d\n",
		p.Organization, p.Identifier, p.AsOf, p.Agent, bytes, files)
}

// checkOneLine refuses what would break a line of bag-info.txt.
func (p Predicate) checkOneLine() error {
	var errs []error
	for _, f := range [][2]string{{"organization", p.Organization}, {"identifier", p.Identifier}, {"agent", p.Agent}} {
		label, value := f[0], f[1]
		if strings.TrimSpace(value) != value || value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			errs = append(errs, fmt.Errorf("%s %q: want one line of text", label, value))
		}
	}
	return errors.Join(errs...)
}
