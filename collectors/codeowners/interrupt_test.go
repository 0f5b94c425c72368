package codeowners_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"auditpack/collectors/codeowners/githubtest"
	"auditpack/evidence/facts/factstest"
)

// TestInterrupted: a collection of 120 changes ends in its middle, and the next one goes on: nothing is lost, nothing asked twice but
// the change that was being asked about.
func TestInterrupted(t *testing.T) {
	s := newScenario(t)
	const changes = 120
	for i := range changes {
		at := day(7, 2).Add(time.Duration(i) * time.Hour)
		sha := s.commit(at, fmt.Sprintf("kms %d", i), files{"modules/kms/main.tf": fmt.Sprintf("# %d\n", i)})
		s.merged(i+1, at, []githubtest.Object{review(1000+i, i+1, "erin", "APPROVED", at.Add(-time.Minute))}, sha)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.ctx = ctx
	times := map[string]int{}
	s.handler = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			times[r.URL.Path]++
			if strings.HasSuffix(r.URL.Path, "/pulls/77/reviews") && times[r.URL.Path] == 1 {
				cancel()
			}
			next.ServeHTTP(w, r)
		})
	}
	if res := s.collect(); res.Err == nil {
		t.Fatal("got no error, want the interruption")
	}
	s.ctx, s.now = t.Context(), s.now.Add(time.Hour)
	if got := parts(s.collect()); len(got) > 0 {
		t.Fatalf("second collection: got %q, want no failure", got)
	}
	twice := 0
	for path, n := range times {
		if n > 1 && inReviews(path) {
			twice++
		}
	}
	if twice != 5 {
		t.Errorf("%d questions about changes were asked twice, want the 5 of the one that was interrupted", twice)
	}
	db := factstest.Project(t, s.store, s.store)
	factstest.Check(t, db, `select count(*), count(distinct "commit"), count(*) filter (where approved_by_owner) from change_review`, "120 | 120 | 120")
	factstest.Check(t, db, `select count(*) from pull_review`, "120")
}
