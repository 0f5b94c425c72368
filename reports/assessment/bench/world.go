package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/filestore"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// quarter is the period that is judged.
var quarter = evidence.Period{From: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}

// large are the tables that are made up: for each column an expression over the number i of the row, from 0. Columns that are not
// named are null. Ten thousand people and services work in the quarter, evenly; few requests touch what tests look for.
var large = map[string]struct {
	kind    evidence.Kind
	content string // of the small evidence whose part is taken
	rows    func(options) int64
	columns map[string]string
}{
	"vault_audit": {
		"vault.audit-log/1", `{"type":"request","time":"2026-07-01T00:00:00Z","request":{"id":"r"}}` + "\n",
		func(o options) int64 { return o.entries },
		map[string]string{
			"line": "i + 1", "device": "'audit.log'", "time": "make_timestamp_ns(1782864000000000000 + (i // 2) * (7948800000000000 // greatest($rows // 2, 1)))",
			"type": "if(i % 2 = 0, 'request', 'response')", "request_id": "md5((i // 2)::varchar)",
			"operation":  "['read', 'update', 'list', 'delete'][1 + (i // 2) % 4]",
			"path":       "if((i // 2) % 100000 = 0, 'sys/policies/acl/p' || (i // 2) % 50, 'secret/data/app-' || (i // 2) % 5000)",
			"mount_type": "if((i // 2) % 100000 = 0, 'system', 'kv')", "mount_point": "if((i // 2) % 100000 = 0, 'sys/', 'secret/')", "mount_class": "'secret'",
			"namespace": "''", "display_name": "'user-' || (i // 2) % 10000", "entity_id": "md5('entity' || ((i // 2) % 10000))",
			"policies":       "if((i // 2) % 1000000 = 7, ['root'], ['default', 'app-' || (i // 2) % 200])",
			"token_policies": "if((i // 2) % 1000000 = 7, ['root'], ['default'])", "token_type": "'service'",
			"token_accessor": "'hmac-sha256:' || md5('token' || ((i // 2) % 100000))", "remote_address": "'10.0.' || (i // 2) % 250 || '.1'", "allowed": "true", "parsed": "true",
		},
	},
	"boundary_session_seen": {
		"boundary.session/1", `{"id":"s_1","status":"terminated"}`,
		func(o options) int64 { return o.sessions },
		map[string]string{
			"line": "1", "source": "'boundary'", "read": "true", "session_id": "'s_' || i", "user_id": "'u_' || i % 500", "target_id": "'ttcp_' || i % 300",
			"scope_id": "'p_' || i % 20", "status": "'terminated'", "created_at": "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows))",
			"ended_at":           "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows) + 600000000000)",
			"expires_at":         "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows) + 3600000000000)",
			"termination_reason": "'closed by end-user'", "connections": "1",
		},
	},
	"terraform_run_seen": {
		"terraform.runs/1", `{"data":[]}`,
		func(o options) int64 { return o.runs },
		map[string]string{
			"line": "1", "source": "'terraform'", "run_id": "'run-' || i", "workspace_id": "'ws-' || i % 400", "status": "'applied'",
			"created_at": "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows))",
			"applied_at": "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows) + 60000000000)",
			"changed_at": "make_timestamp_ns(1782864000000000000 + i * (7948800000000000 // $rows) + 60000000000)",
			"created_by": "'user-' || i % 100", "plan_only": "false", "is_destroy": "false", "auto_apply": "false", "run_source": "'tfe-ui'", "message": "'change ' || i",
		},
	},
}

// makeWorld stores a little evidence of each kind, projects it, and puts large parts in the place of the small ones.
func makeWorld(ctx context.Context, o options) (err error) {
	store, err := filestore.Create(filepath.Join(o.folder, "store"))
	if err != nil {
		return err
	}
	for table, l := range large {
		if err := storeEvidence(ctx, store, table, l.kind, l.content); err != nil {
			return err
		}
	}
	engine, db, _, err := openWorld(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(), engine.Close()) }()
	duck, err := sql.Open("duckdb", "?threads=2")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, duck.Close()) }()
	for _, t := range db.Tables() {
		l, ok := large[t.Name]
		if !ok {
			continue
		}
		for _, p := range db.Parts() {
			if p.Table != t.Name {
				continue
			}
			if err := replacePart(ctx, duck, t, p, l.columns, l.rows(o)); err != nil {
				return fmt.Errorf("make table %q: %w", t.Name, err)
			}
		}
	}
	return nil
}

func replacePart(ctx context.Context, duck *sql.DB, t facts.Table, p facts.PartFile, columns map[string]string, rows int64) error {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		expression := "null"
		switch own, ok := columns[c.Name]; {
		case ok:
			expression = strings.ReplaceAll(own, "$rows", fmt.Sprint(max(rows, 1)))
		case c.Name == "evidence":
			expression = "'" + string(p.Inputs[0]) + "'"
		case strings.HasSuffix(c.Type, "[]"):
			expression = "[]"
		}
		list[i] = "(" + expression + ")::" + c.Type + ` as "` + c.Name + `"`
	}
	if err := os.Remove(p.Path); err != nil {
		return err
	}
	_, err := duck.ExecContext(ctx, fmt.Sprintf("copy (select %s from range(%d) as n(i)) to '%s' (format parquet, compression snappy, row_group_size 122880)",
		strings.Join(list, ", "), rows, p.Path))
	return err
}

// storeEvidence commits one record of a kind that speaks for the whole quarter.
func storeEvidence(ctx context.Context, store *filestore.Store, name string, kind evidence.Kind, content string) error {
	d, err := evidence.PutBytes(ctx, store, []byte(content))
	if err != nil {
		return err
	}
	source := name[:strings.IndexByte(name, '_')]
	b, record, err := evidence.Record{
		Format: evidence.RecordFormat, Kind: kind, Source: evidence.Source{Name: source, Type: source}, Period: &quarter,
		Collected: evidence.Collected{At: quarter.To}, Procedure: "made up to be measured",
		Content: []evidence.Part{{Name: name, MediaType: "application/x-ndjson", Digest: d, SizeBytes: int64(len(content))}},
	}.Encode()
	if err != nil {
		return err
	}
	if _, err := evidence.PutBytes(ctx, store, b); err != nil {
		return err
	}
	last, err := store.Last(ctx, source)
	if err != nil {
		return err
	}
	_, err = store.Append(ctx, evidence.Entry{
		Type: evidence.EntryCollection, Time: quarter.To, Source: source, SourcePrevious: last.Number, Period: &quarter, Records: []evidence.Digest{record},
		Actor: evidence.Actor{Principal: "bench", Host: "bench", Tool: "auditpack bench"},
		Parts: []evidence.PartOutcome{{Part: name, Kind: kind, Outcome: evidence.OutcomeOK, Items: 1}},
	})
	return err
}

// openWorld opens the tables of the folder and all that they are judged by. The caller closes the tables and then the engine.
func openWorld(ctx context.Context, o options) (*facts.Engine, *facts.DB, assessment.Input, error) {
	in, store, err := readWorld(ctx, o)
	if err != nil {
		return nil, nil, assessment.Input{}, err
	}
	files, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		return nil, nil, assessment.Input{}, err
	}
	engine, err := facts.Open(ctx, facts.Options{SQL: files, Store: store, Journal: store, Cache: filepath.Join(o.folder, "facts")})
	if err != nil {
		return nil, nil, assessment.Input{}, err
	}
	db, err := engine.Project(ctx, int64(len(in.Entries)), nil)
	if err != nil {
		return nil, nil, assessment.Input{}, errors.Join(err, engine.Close())
	}
	in.Facts = db
	return engine, db, in, nil
}

// readWorld reads the journal of the folder's store and the catalogue.
func readWorld(ctx context.Context, o options) (in assessment.Input, store *filestore.Store, err error) {
	if store, err = filestore.Open(filepath.Join(o.folder, "store")); err != nil {
		return assessment.Input{}, nil, err
	}
	in = assessment.Input{
		Organization: assessment.Organization{Name: "Bench"}, Framework: assessment.FrameworkID(o.framework), Type: 2, Period: quarter, AsOf: quarter.To,
	}
	if in.Catalogue, err = assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{}); err != nil {
		return assessment.Input{}, nil, err
	}
	for e, err := range store.Entries(ctx, 1) {
		if err != nil {
			return assessment.Input{}, nil, err
		}
		in.Entries = append(in.Entries, e)
		for _, d := range e.Records {
			b, err := evidence.ReadAll(ctx, store, d, 1<<20)
			if err != nil {
				return assessment.Input{}, nil, err
			}
			r, err := evidence.DecodeRecord(b)
			if err != nil {
				return assessment.Input{}, nil, err
			}
			in.Records = append(in.Records, assessment.StoredRecord{Digest: d, Record: r, Entry: e.Number})
		}
	}
	if n := len(in.Entries); n > 0 {
		b, err := in.Entries[n-1].Encode()
		if err != nil {
			return assessment.Input{}, nil, err
		}
		in.KnownLast = evidence.DigestOf(b)
	}
	return in, store, nil
}
