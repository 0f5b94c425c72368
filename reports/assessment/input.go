package assessment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
)

// Input is all that an assessment depends on.
type Input struct {
	Organization Organization
	Framework    FrameworkID
	Catalogue    *Catalogue

	Type   int             // 1: of a date; 2: of a period
	Period evidence.Period // type 2 only
	AsOf   time.Time       // zero with type 2: the end of the period

	Facts     Facts            // the tables as of Entries
	Results   Results          // that earlier assessments kept; nil: every test is run. It changes the time that it takes, nothing else
	Entries   []evidence.Entry // the whole journal that is judged, in order
	KnownLast evidence.Digest  // of the bytes of the last entry; empty for an empty journal
	Records   []StoredRecord   // that the entries name, in their order

	// Files of the workspace, under the names that the Assessment gives them: "workspace/soa.yaml".
	SoA          []File // statements of applicability; those of other frameworks are read and left aside
	Descriptions []File // descriptions of systems; likewise
	Subservices  []File // subservice organisations
	ManualTests  []File
	Responses    []File
}

// StoredRecord is a record with its name and the journal entry that commits it.
type StoredRecord struct {
	Digest evidence.Digest
	Record evidence.Record
	Entry  int64
}

// inputs lists every file that can change a verdict, by name.
func (in Input) inputs() ([]InputFile, error) {
	files := slices.Concat(in.Catalogue.Files, in.SoA, in.Descriptions, in.Subservices, in.ManualTests, in.Responses)
	list := make([]InputFile, 0, len(files))
	seen := map[string]bool{}
	var errs []error
	for _, f := range files {
		if seen[f.Name] {
			errs = append(errs, fmt.Errorf("input %q occurs twice", f.Name))
		}
		seen[f.Name] = true
		list = append(list, InputFile{Name: f.Name, Digest: f.Digest()})
	}
	slices.SortFunc(list, func(a, b InputFile) int { return strings.Compare(a.Name, b.Name) })
	return list, errors.Join(errs...)
}

// validate refuses what cannot be judged.
func (in Input) validate() error {
	if in.Catalogue == nil {
		return errors.New("no catalogue")
	}
	errs := []error{in.validateEvidence()}
	if _, err := in.Catalogue.framework(in.Framework); err != nil {
		errs = append(errs, err)
	}
	if in.Organization.Name == "" {
		errs = append(errs, errors.New("organization has no name"))
	}
	return errors.Join(errs...)
}

// validateEvidence refuses facts and records that no test can rest on.
func (in Input) validateEvidence() error {
	if in.Facts == nil {
		return errors.New("no facts")
	}
	var errs []error
	known := map[int64]bool{}
	for _, e := range in.Entries {
		known[e.Number] = true
	}
	for _, r := range in.Records {
		if !known[r.Entry] {
			errs = append(errs, fmt.Errorf("record %s: journal entry %d is not among those judged", r.Digest, r.Entry))
		}
	}
	return errors.Join(errs...)
}
