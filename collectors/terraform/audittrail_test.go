package terraform_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence/facts/factstest"
)

// The audit trail is read on from the last collection; what no collection reached in 14 days is named, and an event comes once.
func TestAuditTrail(t *testing.T) {
	d := small()
	for id, when := range map[string]string{"e1": "2026-09-20T08:00:00Z", "e2": "2026-09-30T08:00:00Z", "e3": "2026-10-01T08:00:00Z", "e4": "2026-11-01T08:00:00Z"} {
		d.Trail = append(d.Trail, terraformtest.AuditEvent{ID: id, At: at(when), Actor: "jo", Resource: "run/run-1", Action: "apply"})
	}
	w := newWorld(t, nil)
	for _, tt := range []struct{ now, want string }{
		{"2026-09-30T08:02:00Z", "audit trail: ok 2 (what happened before 2026-09-16T08:02:00Z can never be had again"},
		{"2026-10-01T09:00:00Z", "audit trail: ok 2"}, // e2 again, and e3
		{"2026-11-02T00:00:00Z", "audit trail: ok 1 (what happened between 2026-10-01T09:00:00Z and 2026-10-19T00:00:00Z can never be had again"},
	} {
		w.now = at(tt.now)
		seen := d
		seen.Trail = nil
		for _, e := range d.Trail {
			if !e.At.After(w.now) {
				seen.Trail = append(seen.Trail, e)
			}
		}
		w.fake = terraformtest.New(seen, token).At(func() time.Time { return w.now })
		w.server.Config.Handler = w.fake
		res := w.collect()
		if got := strings.Join(parts(res), "\n"); res.Failed() || !strings.Contains(got, tt.want) {
			t.Errorf("at %s: got %s, want %q", tt.now, got, tt.want)
		}
		if _, ok := w.records(res)[terraform.KindAuditTrail]; !ok {
			t.Errorf("at %s: no record", tt.now)
		}
	}
}

// The clock of the server may be most of an hour behind ours: an event that it stamps before the last reading is still found, once.
func TestAuditTrailOfASlowClock(t *testing.T) {
	d := small()
	d.Trail = []terraformtest.AuditEvent{{ID: "e1", At: at("2026-09-30T07:30:00Z"), Actor: "jo", Resource: "run/run-1", Action: "apply"}}
	w := newWorld(t, terraformtest.New(d, token))
	w.now = at("2026-09-30T08:00:00Z")
	w.collect()
	d.Trail = append(d.Trail, terraformtest.AuditEvent{ID: "e2", At: at("2026-09-30T07:05:00Z"), Actor: "jo", Resource: "run/run-1", Action: "apply"})
	w.serve(d)
	w.now = at("2026-09-30T20:00:00Z")
	w.collect()
	if diff := cmp.Diff([]string{"e1", "e2"}, factstest.Rows(t, w.facts(), "select event_id from terraform_audit_event order by all")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
