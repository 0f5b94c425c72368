package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// lintFiles are the exception files that are looked at. Each was copied to a name of its own, NNNN/BASE, so that files of
// different folders can lie in one.
type lintFiles struct {
	typed  map[string]string            // what people named, by the copy's name
	copies map[evidence.Digest][]string // names of copies by content: the same bytes may be there twice
	keys   map[string]map[string]int64  // lines of the keys at the margin, by what people named
}

// gather copies the exception files that paths name into dir. A file that is named must be one; of a folder, those that end
// in .yml or .yaml are. A file that is named twice is read once.
func gather(paths []string, dir string) (lintFiles, error) {
	files := lintFiles{map[string]string{}, map[evidence.Digest][]string{}, map[string]map[string]int64{}}
	seen := map[string]bool{}
	var errs []error
	for _, p := range paths {
		before := len(seen)
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if ext := strings.ToLower(filepath.Ext(name)); ext != ".yml" && ext != ".yaml" {
				if name == p {
					return fmt.Errorf("%q does not end in .yml or .yaml", name)
				}
				return nil
			}
			abs, err := filepath.Abs(name)
			if err != nil || seen[abs] {
				return err
			}
			seen[abs] = true
			return files.add(name, dir)
		})
		if err == nil && len(seen) == before {
			if info, statErr := os.Stat(p); statErr == nil && info.IsDir() {
				err = &noFilesError{p}
			}
		}
		errs = append(errs, err)
	}
	return files, errors.Join(errs...)
}

// noFilesError says that a folder holds no exception file.
type noFilesError struct{ folder string }

func (e *noFilesError) Error() string { return fmt.Sprintf("no .yml or .yaml file in %q", e.folder) }

func (l lintFiles) add(name, dir string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	base := fmt.Sprintf("%04d/%s", len(l.typed), filepath.Base(name))
	target := filepath.Join(dir, filepath.FromSlash(base))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	d := evidence.DigestOf(b)
	l.typed[base], l.copies[d], l.keys[name] = name, append(l.copies[d], base), keyLines(b)
	return os.WriteFile(target, b, 0o600)
}

// marginKey matches a line of YAML that begins with a key, set in by nothing.
var marginKey = regexp.MustCompile(`^([a-z_]+):`)

// keyLines gives the line on which each key at the margin of a file stands first.
func keyLines(b []byte) map[string]int64 {
	lines := map[string]int64{}
	for i, line := range strings.Split(string(b), "\n") {
		if m := marginKey.FindStringSubmatch(line); m != nil && lines[m[1]] == 0 {
			lines[m[1]] = int64(i + 1)
		}
	}
	return lines
}

// aboutKeys says which key a problem is about, by how it begins; of any other the file's line is told.
var aboutKeys = []struct{ begins, key string }{
	{"control ", "control"}, {"resource ", "resource"}, {"id occurs in ", "exception_id"}, {"runs ", "expiry_date"}, {"ended on ", "expiry_date"},
	{"approved by the requester", "requested_by"}, {"no approval by ", "approvals"}, {"one person approves ", "approvals"},
	{"not accepted by the risk owner", "risk_owner"}, {"not reviewed since ", "approved_date"},
}

// lineOf is the line of the key that a problem of a file is about, else line.
func (l lintFiles) lineOf(file, detail string, line int64) int64 {
	for _, about := range aboutKeys {
		if n := l.keys[file][about.key]; n > 0 && strings.HasPrefix(detail, about.begins) {
			return n
		}
	}
	return line
}

// shown puts the names that people typed in the place of the copies' names.
func (l lintFiles) shown(text string) string {
	for base, typed := range l.typed {
		text = strings.ReplaceAll(text, base, typed)
	}
	return text
}

// fileOf names the file that a deviation is about. Where several hold the same bytes, it is one that the deviation does not
// name as another, and each of them once.
func (l lintFiles) fileOf(d assessment.Deviation, nth int) string {
	own := slices.DeleteFunc(slices.Clone(l.copies[d.Evidence]), func(base string) bool {
		return d.Item != base && strings.Contains(d.Detail, base)
	})
	if len(own) == 0 {
		return ""
	}
	return l.typed[own[nth%len(own)]]
}

// lintFinding is one thing that is wrong with an exception file.
type lintFinding struct {
	File   string            `json:"file"`
	Line   int64             `json:"line"`
	Test   assessment.TestID `json:"test"`
	Item   string            `json:"item"` // id of the exception, or its file when it has none
	Detail string            `json:"detail"`

	Framework assessment.FrameworkID `json:"framework"` // whose rule it is; empty where it holds under every one
}

// String is the finding as compilers write theirs, so that editors and merge pipelines can follow it.
func (f lintFinding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Test, f.message())
}

// message is what is wrong with which exception, under which framework.
func (f lintFinding) message() string {
	text := f.Detail
	if f.Item != f.File {
		text = f.Item + ": " + text
	}
	if f.Framework != "" {
		text = string(f.Framework) + ": " + text
	}
	return text
}

// findingsOf gives what tests found in the files, ordered by file and line.
func findingsOf(results []lintResult, files lintFiles) []lintFinding {
	var findings []lintFinding
	for _, t := range results {
		nth := map[evidence.Digest]int{}
		for _, d := range t.Deviations {
			name := files.fileOf(d, nth[d.Evidence])
			nth[d.Evidence]++
			for _, p := range placed(d.Detail, files.lineOf(name, d.Detail, d.Line)) {
				findings = append(findings, lintFinding{name, p.line, t.ID, files.shown(d.Item), files.shown(p.text), t.framework})
			}
		}
	}
	slices.SortStableFunc(findings, func(a, b lintFinding) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return int(a.Line - b.Line)
	})
	return findings
}

// place is how a reader of exception files says where a problem is: "field: line N: what".
var place = regexp.MustCompile(`(?:^|; )([A-Za-z_][\w.\[\]]*): line (\d+): `)

type placedText struct {
	line int64
	text string
}

// placed splits the detail of a deviation into its problems, each with its own line; one that names none has line.
func placed(detail string, line int64) []placedText {
	found := place.FindAllStringSubmatchIndex(detail, -1)
	if len(found) == 0 || found[0][0] != 0 {
		return []placedText{{line, detail}}
	}
	var out []placedText
	for i, m := range found {
		end := len(detail)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		n, err := strconv.ParseInt(detail[m[4]:m[5]], 10, 64)
		if err != nil {
			n = line
		}
		out = append(out, placedText{n, detail[m[2]:m[3]] + ": " + detail[m[1]:end]})
	}
	return out
}
