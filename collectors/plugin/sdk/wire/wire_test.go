package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"auditpack/evidence"
)

// TestRecordsSurvive: what a plugin adds is what arrives, to the nanosecond.
func TestRecordsSurvive(t *testing.T) {
	text := rapid.StringMatching(`[a-zäß0-9 ."\\]{0,12}`)
	digest := rapid.Custom(func(t *rapid.T) evidence.Digest { return evidence.DigestOf([]byte(text.Draw(t, "bytes"))) })
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-9e9, 9e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	count := rapid.Ptr(rapid.Int64(), true)
	rapid.Check(t, func(t *rapid.T) {
		want := evidence.Record{
			Kind:      evidence.Kind(text.Draw(t, "kind")),
			Source:    evidence.Source{System: text.Draw(t, "system"), Version: text.Draw(t, "version"), Identity: text.Draw(t, "identity")},
			At:        rapid.Ptr(instant, true).Draw(t, "at"),
			Collected: evidence.Collected{Principal: text.Draw(t, "principal")},
			Procedure: text.Draw(t, "procedure"),
			Content: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) evidence.Part {
				return evidence.Part{Name: text.Draw(t, "name"), MediaType: text.Draw(t, "type"), Digest: digest.Draw(t, "digest"), SizeBytes: rapid.Int64().Draw(t, "size")}
			}), 0, 3).Draw(t, "content"),
			Stated: evidence.Stated{
				ItemsExpected: count.Draw(t, "expected"), ItemsSeen: count.Draw(t, "seen"), Lines: count.Draw(t, "lines"), OddLines: count.Draw(t, "odd"),
				First: rapid.Ptr(instant, true).Draw(t, "first"), Last: rapid.Ptr(instant, true).Draw(t, "last"), Notes: rapid.SliceOfN(text, 0, 3).Draw(t, "notes"),
			},
			DerivedFrom: rapid.SliceOfN(digest, 0, 3).Draw(t, "parents"),
			Redactions: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) evidence.Redaction {
				return evidence.Redaction{Rule: text.Draw(t, "rule"), Count: rapid.Int64().Draw(t, "count"), Before: digest.Draw(t, "before")}
			}), 0, 2).Draw(t, "redactions"),
		}
		if rapid.Bool().Draw(t, "of a period") {
			want.Period = &evidence.Period{From: instant.Draw(t, "from"), To: instant.Draw(t, "to")}
		}
		b, err := proto.Marshal(FromRecord(want))
		if err != nil {
			t.Fatal(err)
		}
		var m Record
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, m.ToRecord(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("record (-want +got):\n%s", diff)
		}
	})
}

func TestCheckDescription(t *testing.T) {
	good := func() *DescribeResponse {
		return &DescribeResponse{Name: "cmdb", Version: "1.2.0", Doc: "Hosts.", Kinds: []string{"plugin.cmdb.hosts/1"}}
	}
	for _, tt := range []struct {
		name   string
		change func(*DescribeResponse)
		want   string // in the error; empty for none
	}{
		{"as it should be", func(*DescribeResponse) {}, ""},
		{"a name with a dot", func(d *DescribeResponse) { d.Name = "a.b" }, `name "a.b"`},
		{"a long name", func(d *DescribeResponse) { d.Name = strings.Repeat("a", 65) }, "at most 64"},
		{"no version", func(d *DescribeResponse) { d.Version = "" }, "version"},
		{"two lines of doc", func(d *DescribeResponse) { d.Doc = "a\nb" }, "want one line"},
		{"no kinds", func(d *DescribeResponse) { d.Kinds = nil }, "0 kinds"},
		{"many kinds", func(d *DescribeResponse) { d.Kinds = make([]string, 65) }, "65 kinds"},
		{"a kind that is none", func(d *DescribeResponse) { d.Kinds = []string{"plugin.cmdb.hosts"} }, "want dotted words"},
		{"a built-in kind", func(d *DescribeResponse) { d.Kinds = append(d.Kinds, "vault.audit-log/1") }, "want plugin.cmdb.WHAT/1"},
		{"the kind of another with a longer name", func(d *DescribeResponse) { d.Kinds = []string{"plugin.cmdb-2.hosts/1"} }, "want plugin.cmdb.WHAT/1"},
	} {
		d := good()
		tt.change(d)
		err := CheckDescription(d)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
