package main

import (
	"fmt"
	"slices"

	"auditpack/evidence"
	"auditpack/evidence/bundle"
	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
)

// bundledScripts are the SQL of facts and tests as plain files, and the scripts by which an auditor's duckdb runs it again in the
// unpacked bundle: sql/setup.sql, sql/tests/ID.sql and sql/reproject/TABLE.sql.
func bundledScripts(j *judgement, a assessment.Assessment, records []evidence.Digest) ([]bundle.File, error) {
	layout := facts.Layout{
		Parts: "data/facts", Evidence: "data/evidence/sha256", Cleaned: "../cleaned",
		Entry: func(n int64) string { return fmt.Sprintf("data/journal/%08d.json", n) },
	}
	held := heldBlobs(j, records)
	layout.Holds = func(d evidence.Digest) bool { return held[d] }

	files := []bundle.File{bundle.BytesFile("sql/setup.sql", []byte(j.db.SetupScript(layout)))}
	for _, t := range slices.Concat(a.Tests, a.Information) {
		script, err := t.Script()
		if err != nil {
			return nil, err
		}
		files = append(files,
			bundle.BytesFile(fmt.Sprintf("sql/tests/%s.sql", t.ID), []byte(script)),
			bundle.BytesFile(fmt.Sprintf("sql/tests/%s.population.sql", t.ID), []byte(t.SQL.Population)),
			bundle.BytesFile(fmt.Sprintf("sql/tests/%s.deviations.sql", t.ID), []byte(t.SQL.Deviations)))
	}
	for _, f := range j.engine.Files() {
		files = append(files, bundle.BytesFile("sql/facts/"+f.Table+".sql", []byte(f.SQL)))
		script, err := j.db.ReprojectScript(f.Table, layout)
		if err != nil {
			return nil, err
		}
		if script != "" {
			files = append(files, bundle.BytesFile("sql/reproject/"+f.Table+".sql", []byte(script)))
		}
	}
	return files, nil
}

// heldBlobs are the contents of records and of what they are derived from: what a bundle of these records has.
func heldBlobs(j *judgement, records []evidence.Digest) map[evidence.Digest]bool {
	known := map[evidence.Digest]evidence.Record{}
	for _, r := range j.known.records {
		known[r.Digest] = r.Record
	}
	held := map[evidence.Digest]bool{}
	for next := slices.Clone(records); len(next) > 0; next = next[1:] {
		for _, p := range known[next[0]].Content {
			held[p.Digest] = true
		}
		for _, from := range known[next[0]].DerivedFrom {
			if !held[from] {
				held[from] = true // a blob, or a record with blobs of its own
				next = append(next, from)
			}
		}
	}
	return held
}
