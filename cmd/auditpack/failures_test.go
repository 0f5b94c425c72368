package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/evidence"
)

// Many parts that failed for one reason are told in one line; a few, and other reasons, each in theirs.
func TestFailuresByReason(t *testing.T) {
	part := func(name string, o evidence.Outcome, detail string) evidence.PartOutcome {
		return evidence.PartOutcome{Part: name, Kind: "x.y/1", Outcome: o, Detail: detail}
	}
	down := func(name string) evidence.PartOutcome {
		return part(name, evidence.OutcomeFailed, "ask "+name+": connection refused")
	}
	results := []collectors.Result{{Source: "vault", Entry: evidence.Entry{Parts: []evidence.PartOutcome{
		down("sys/audit"), down("sys/auth"), part("sys/health", evidence.OutcomeOK, ""), down("sys/mounts"), down("sys/policies"), down("sys/mounts"),
		part("identity/entity", evidence.OutcomeDenied, `denied: needs path "identity/entity"`),
		part("tuning of mounts", evidence.OutcomeFailed, "cut\ncut again"),
		part("sys/leader", evidence.OutcomeNotOffered, "not in this edition"),
	}}}}
	var got []string
	for _, err := range failures(results) {
		got = append(got, err.Error())
	}
	want := []string{
		"collect vault: 4 parts failed: connection refused (sys/audit, sys/auth, sys/mounts and 1 more, see auditpack status)",
		`collect vault: identity/entity: denied: needs path "identity/entity"`,
		"collect vault: tuning of mounts: failed: cut; cut again",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}
