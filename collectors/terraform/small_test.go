package terraform_test

import (
	"fmt"
	"strconv"
	"time"

	"auditpack/collectors/terraform/terraformtest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// small is a data set of one workspace whose runs have one passed check each.
func small(runs ...terraformtest.Run) terraformtest.Dataset {
	d := terraformtest.Dataset{
		Organization: "acme",
		Entitlements: map[string]bool{"policy-enforcement": true, "run-tasks": true, "teams": true, "audit-logging": true, "agents": true},
		Settings:     terraformtest.Settings{UpdatesToken: true},
		Users:        []terraformtest.User{{ID: "user-1", Name: "jo"}, {ID: "user-2", Name: "max"}},
		Workspaces:   []terraformtest.Workspace{{ID: "ws-1", Name: "prod", Project: "prj-1", Created: at("2024-01-01T00:00:00Z")}},
	}
	for i, r := range runs {
		if r.ID == "" {
			r.ID = fmt.Sprintf("run-%d", i+1)
		}
		r.Workspace = "ws-1"
		d.Runs = append(d.Runs, r)
	}
	return d
}

// applied is a run that was applied an hour after its creation, with a passed check.
func applied(id, created string) terraformtest.Run {
	t := at(created)
	return terraformtest.Run{
		ID: id, Created: t, By: "jo", Status: "applied", At: map[string]time.Time{"planned": t.Add(time.Minute), "applied": t.Add(time.Hour)},
		Checks: []terraformtest.Check{{ID: "polchk-" + id, Status: "passed", At: map[string]time.Time{"passed": t.Add(2 * time.Minute)},
			Sets: []terraformtest.CheckSet{{Name: "base", Policies: []terraformtest.CheckPolicy{{Name: "tags", Level: "soft-mandatory"}}}}}},
	}
}

// planned is a run that waits for its confirmation.
func planned(id, created string) terraformtest.Run {
	r := applied(id, created)
	r.Status = "policy_checked"
	delete(r.At, "applied")
	return r
}
