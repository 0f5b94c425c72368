package exceptions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// states gives the states of exceptions: who says what, from when to when.
const states = `select exception_id, control, strftime(since, '%m-%d %H'), strftime("until", '%m-%d %H'), history, "commit" from exception_state order by exception_id, since nulls first`

func TestStatesByHistory(t *testing.T) {
	c := newCheckout(t)
	const ada = "Ada <ada@acme.example>"
	c.commit(ada, "enter", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30"), "b.yml": exception("EXC-2", "", "2026-09-30")})
	c.commit(ada, "widen", map[string]string{"a.yml": strings.Replace(exception("EXC-1", "", "2026-09-30"), "WAF-SEC-020", "WAF-SEC-030", 1)})
	c.commit(ada, "rename", map[string]string{"a.yml": "", "c.yml": strings.Replace(exception("EXC-1", "", "2026-09-30"), "WAF-SEC-020", "WAF-SEC-030", 1)})
	c.commit(ada, "remove", map[string]string{"b.yml": ""})
	write(t, c.dir, "c.yml", strings.Replace(exception("EXC-1", "", "2026-09-30"), "WAF-SEC-020", "WAF-SEC-040", 1)) // not committed
	write(t, c.dir, "new.yml", exception("EXC-3", "", "2026-09-30"))
	query := c.collect(evidence.OutcomeOK)
	want := []string{
		"EXC-1 | WAF-SEC-020 | 07-01 09 | 07-02 09 | true | enter",
		"EXC-1 | WAF-SEC-030 | 07-02 09 | 07-03 09 | true | widen",
		"EXC-1 | WAF-SEC-030 | 07-03 09 | - | true | rename",
		"EXC-1 | WAF-SEC-040 | 10-01 06 | - | false | -",
		"EXC-2 | WAF-SEC-020 | 07-01 09 | 07-04 09 | true | enter",
		"EXC-3 | WAF-SEC-020 | - | - | false | -",
	}
	if diff := cmp.Diff(want, query(states)); diff != "" {
		t.Errorf("exception_state (-want +got):\n%s", diff)
	}
}

// Outside git a state begins with the collection that first found it; how long the first one had been so is not known.
func TestStatesByCollections(t *testing.T) {
	dir, store := t.TempDir(), memstore.New()
	at := time.Date(2026, 7, 20, 6, 0, 0, 0, time.UTC)
	step := func(files map[string]string) {
		for name, content := range files {
			write(t, dir, name, content)
			if content == "" {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if res := collect(t, store, dir, at); res.Err != nil {
			t.Fatal(res.Err)
		}
		at = at.Add(24 * time.Hour)
	}
	one := exception("EXC-1", "", "2026-09-30")
	other := strings.Replace(one, "WAF-SEC-020", "WAF-SEC-030", 1)
	step(map[string]string{"a.yml": one})
	step(nil)
	step(map[string]string{"a.yml": other, "b.yml": exception("EXC-2", "", "2026-09-30")})
	step(map[string]string{"a.yml": one})
	step(map[string]string{"b.yml": ""})
	want := []string{
		"EXC-1 | WAF-SEC-020 | - | 07-22 06 | false | -",
		"EXC-1 | WAF-SEC-030 | 07-22 06 | 07-23 06 | false | -",
		"EXC-1 | WAF-SEC-020 | 07-23 06 | - | false | -",
		"EXC-2 | WAF-SEC-020 | 07-22 06 | 07-24 06 | false | -",
	}
	factstest.Check(t, factstest.Project(t, store, store), states, want...)
}

func TestPartsOfStates(t *testing.T) {
	dir, store := t.TempDir(), memstore.New()
	write(t, dir, "a.yml", complete+"  - {framework: c5-2026, id: A.8.2, effect: none, reason: \"Met: by others\"}\n")
	write(t, dir, "b.yml", "exception_id: EXC-2\ncompensating_controls:\n  - Alerts (all of them)\n  - {control: Read (daily), interval: Daily}\n  - {control: Seen, evidence: DOC-1}\n")
	if res := collect(t, store, dir, time.Date(2026, 7, 20, 6, 0, 0, 0, time.UTC)); res.Err != nil {
		t.Fatal(res.Err)
	}
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, `select exception_id, "position", compensating_control, proof, "interval" from exception_compensating order by exception_id, "position"`,
		"EXC-1 | 1 | Flow logs are read | DOC-2 | weekly", "EXC-1 | 2 | Alerts | - | -",
		"EXC-2 | 1 | Alerts (all of them) | - | -", "EXC-2 | 2 | Read (daily) | - | daily", "EXC-2 | 3 | Seen | DOC-1 | -")
	factstest.Check(t, db, `select exception_id, framework, requirement, effect, reason from exception_impact order by all`,
		"EXC-1 | c5-2020 | COS-01 | deviates | Weaker segmentation", "EXC-1 | c5-2026 | A.8.2 | none | Met: by others")
}
