package collectors

import (
	"time"

	"auditpack/evidence"
)

// Standing says what evidence speaks about that is found now and is known to have been the same since a time: the period from
// then to now. Without such a time, or with one that is not in the past (clocks differ), it speaks about the instant now
// alone. Exactly one of the results is set.
func Standing(since *time.Time, now time.Time) (*evidence.Period, *time.Time) {
	now = now.UTC()
	if since == nil {
		return nil, &now
	}
	p, err := evidence.NewPeriod(*since, now)
	if err != nil {
		return nil, &now
	}
	return &p, nil
}

// partHistory is the part under which collectors of files in git say whether they could read its history.
const partHistory = "git history"

// HistoryOutcome says how reading the git history of files went: head is the commit that is checked out, empty outside git, which
// is not offered. It counts no items.
func HistoryOutcome(kind evidence.Kind, head string, err error) evidence.PartOutcome {
	switch {
	case err != nil:
		return OutcomeOf(partHistory, kind, 0, err)
	case head == "":
		return evidence.PartOutcome{Part: partHistory, Kind: kind, Outcome: evidence.OutcomeNotOffered, Detail: "not in a git repository, or before its first commit"}
	}
	return evidence.PartOutcome{Part: partHistory, Kind: kind, Outcome: evidence.OutcomeOK, Detail: "at commit " + head}
}
