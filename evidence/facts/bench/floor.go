package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
	"github.com/klauspost/compress/zstd"
)

// typedColumns are what the table vault_audit reads of an entry.
const typedColumns = `{
	"time": 'varchar', "type": 'varchar', error: 'varchar',
	auth: 'struct(accessor varchar, display_name varchar, entity_id varchar, policies varchar[], policy_results struct(allowed boolean),
		token_policies varchar[], token_ttl bigint, token_type varchar)',
	request: 'struct(client_id varchar, client_token_accessor varchar, id varchar, mount_class varchar, mount_point varchar, mount_type varchar,
		namespace struct(path varchar), operation varchar, path varchar, remote_address varchar)',
	response: 'struct("data" struct(error varchar))'}`

// measureFloor does the three things that nothing can do without, one after another in folder, and returns what each cost. It removes
// folder.
func measureFloor(ctx context.Context, log, folder string, out io.Writer) ([]cost, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	defer removeAll(folder)
	var costs []cost
	var line []string
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"SHA-256", func() error { return hashFile(log) }},
		{"zstd level 1", func() error { return compressFile(log, filepath.Join(folder, "floor.zst")) }},
		{"read_json to Parquet with two threads", func() error { return projectFile(ctx, log, filepath.Join(folder, "floor.parquet")) }},
	} {
		c, err := measure(step.do)
		if err != nil {
			return nil, fmt.Errorf("floor: %s: %w", step.name, err)
		}
		costs = append(costs, c)
		line = append(line, step.name+" "+c.String())
	}
	fmt.Fprintf(out, "floor: %s, together %s\n", strings.Join(line, ", "), sum(costs))
	return costs, nil
}

func hashFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(sha256.New(), struct{ io.Reader }{f}, make([]byte, 1<<20))
	return err
}

func compressFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	enc, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return errors.Join(err, out.Close())
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{enc}, struct{ io.Reader }{in}, make([]byte, 1<<20))
	return errors.Join(err, enc.Close(), out.Close())
}

func projectFile(ctx context.Context, from, to string) error {
	db, err := sql.Open("duckdb", "?threads=2")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, fmt.Sprintf(`copy (select * from read_json('%s', format = 'newline_delimited', maximum_object_size = 16777217,
		columns = %s)) to '%s' (format parquet)`, from, typedColumns, to))
	return err
}
