package collectortest

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

// personal are members whose texts are of persons in what the systems that we collect from say.
var personal = []string{"username", "login", "login_name", "user_name", "full_name", "display_name", "email", "user_email", "remote_address", "client_ip", "remote_addr", "author", "approved_by", "requested_by", "owner"}

var mailAddress = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[a-z]{2,}`)

// checkRedaction collects again with rules for the names and addresses that the first collection brought, and looks for them in all
// that is kept: content, records, the entry with its cursor.
func (a *archive) checkRedaction(t *testing.T, typ collectors.Type, plain *memstore.Store, first collectors.Result) {
	values := a.personalValues(t, plain, first)
	if len(values) == 0 {
		t.Skip("the source names nobody")
	}
	var patterns []string
	for _, v := range values {
		patterns = append(patterns, regexp.QuoteMeta(v))
	}
	pattern := strings.Join(patterns, "|")
	rules, err := redaction.Compile([]redaction.Rule{
		{ID: "fields", Field: "**", Pattern: pattern, Action: redaction.Pseudonym},
		{ID: "lines", Pattern: pattern, Action: redaction.Pseudonym},
		{ID: "texts", Kinds: []string{redaction.KindRecord.Name()}, Field: "**", Pattern: pattern, Action: redaction.Pseudonym},
	}, typ.Quotes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := redaction.MakeKey(filepath.Join(t.TempDir(), "pseudonym.key"))
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	o := a.options(store, store)
	o.PseudonymKey = key
	source := collectors.Source{Name: sourceName, Type: typ, Collector: a.reopen(t, typ), Redaction: rules}
	res := collectors.Run(t.Context(), []collectors.Source{source}, o)[0]
	if len(res.Entry.Records) != len(first.Entry.Records) || res.Failed() != first.Failed() {
		t.Errorf("got %d records, failed %v; without rules %d, %v", len(res.Entry.Records), res.Failed(), len(first.Entry.Records), first.Failed())
	}
	entry, err := json.Marshal(res.Entry)
	if err != nil {
		t.Fatal(err)
	}
	find := func(where string, b []byte) {
		for _, v := range values {
			if bytes.Contains(b, []byte(v)) {
				t.Errorf("%s: %q is in it", where, v)
			}
		}
	}
	find("journal entry", entry)
	redacted := false
	for _, d := range res.Entry.Records {
		r := readRecord(t, store, d)
		redacted = redacted || len(r.Redactions) > 0
		find("record of kind "+string(r.Kind), readBlob(t, store, d))
		for _, p := range r.Content {
			find("part "+p.Name, readBlob(t, store, p.Digest))
		}
	}
	if !redacted {
		t.Error("no record tells of a redaction")
	}
}

// personalValues are the names and addresses that the content of a collection has, but for those that are keys in it too: a rule takes
// values.
func (a *archive) personalValues(t *testing.T, store evidence.Store, res collectors.Result) []string {
	t.Helper()
	member := regexp.MustCompile(`"(?:` + strings.Join(personal, "|") + `)"\s*:\s*"([^"\\]{5,})"`)
	found := map[string]bool{}
	var all []byte
	for _, d := range res.Entry.Records {
		for _, p := range readRecord(t, store, d).Content {
			b := readBlob(t, store, p.Digest)
			for _, m := range member.FindAllSubmatch(b, -1) {
				found[string(m[1])] = true
			}
			for _, m := range mailAddress.FindAll(b, -1) {
				found[string(m)] = true
			}
			all = append(all, b...)
		}
	}
	var values []string
	for v := range found {
		isKey := regexp.MustCompile(regexp.QuoteMeta(v) + `[^"]*"\s*:`).Match(all)
		if !isKey && !strings.HasPrefix(v, "[REDACTED]") {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(x, y string) int { return len(y) - len(x) }) // the longest of those that begin alike
	return values
}
