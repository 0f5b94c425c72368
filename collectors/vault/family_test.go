package vault

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	for _, tt := range []struct {
		name    string
		log     string
		current bool
	}{
		{"audit.log", "audit.log", true},
		{"audit.log.1", "audit.log", false},
		{"audit.log.12.gz", "audit.log", false},
		{"audit.log.gz", "audit.log", false},
		{"audit.log-20260801", "audit.log", false},
		{"audit.log-20260801.gz", "audit.log", false},
		{"audit.log-20260801-1785542400.zst", "audit.log", false},
		{"audit.log-2026080113.gz", "audit.log", false},
		{"audit.log-1785542400", "audit.log", false},
		{"audit.log.2026-08-01", "audit.log", false},
		{"audit.log.2026-08-01_13", "audit.log", false},
		{"audit.log.2026-08-01.1.zst", "audit.log", false},
		{"audit-2026-08-01.log", "audit.log", false},
		{"audit-2026-08-01T13-00-00.000.log.gz", "audit.log", false},
		{"audit-20260801.log", "audit.log", false},
		{"audit.log.old", "audit.log", false},
		{"vault-1.log", "vault-1.log", true},
		{"vault_audit", "vault_audit", true},
		{"node2.audit.json", "node2.audit.json", true},
		{"20260801.log", "20260801.log", true},
		{".gz", ".gz", true},
		{".1", ".1", true},
	} {
		if got := parseName(tt.name); got.log != tt.log || got.current() != tt.current {
			t.Errorf("%s: got log %q, current %v, want %q, %v", tt.name, got.log, got.current(), tt.log, tt.current)
		}
	}
}

func TestAssignDevices(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		want  []string // path and device, in order
	}{
		{"oldest first", []string{"/v/audit.log", "/v/audit.log.1.gz", "/v/audit.log.10.gz", "/v/audit.log.1", "/v/audit.log.2.gz"},
			[]string{"/v/audit.log.10.gz audit.log", "/v/audit.log.2.gz audit.log", "/v/audit.log.1 audit.log", "/v/audit.log.1.gz audit.log", "/v/audit.log audit.log"}},
		{"dates", []string{"/v/audit.log", "/v/audit.log-20260802", "/v/audit.log-20260801.gz"},
			[]string{"/v/audit.log-20260801.gz audit.log", "/v/audit.log-20260802 audit.log", "/v/audit.log audit.log"}},
		{"rotated files are moved away", []string{"/v/audit.log", "/v/old/audit.log.1.gz", "/v/other.log"},
			[]string{"/v/old/audit.log.1.gz audit.log", "/v/audit.log audit.log", "/v/other.log other.log"}},
		{"two nodes", []string{"/n1/audit.log", "/n2/audit.log", "/n2/audit.log.1"},
			[]string{"/n1/audit.log n1/audit.log", "/n2/audit.log.1 n2/audit.log", "/n2/audit.log n2/audit.log"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var files []logFile
			for _, p := range tt.paths {
				files = append(files, logFile{path: filepath.FromSlash(p)})
			}
			assignDevices(files)
			var got []string
			for _, f := range files {
				got = append(got, filepath.ToSlash(f.path)+" "+f.device)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
