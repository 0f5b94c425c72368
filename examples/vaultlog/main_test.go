package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogsAreGenerated holds the logs that lie in examples/acme against what the generator makes.
func TestLogsAreGenerated(t *testing.T) {
	dir := filepath.Join("..", "acme", "logs", "vault")
	recorded, err := os.ReadFile(filepath.Join(dir, "recorded.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := Generate(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("got %d files, want 4", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(plain(t, name, got), plain(t, name, want)) {
			t.Errorf("%s is not what the generator makes; run: go run ./examples/vaultlog", name)
		}
	}
}

// plain unpacks: another version of Go may compress otherwise.
func plain(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
