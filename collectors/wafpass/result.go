package wafpass

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// versions are those of the format that the facts can read. Source: the result schema of WAF++ PASS (wafpass/schema.py), as of
// 2026-11.
var versions = []string{"1.0", "1.1"}

// result is what the collector itself must know of a result; everything else is for SQL over the bytes.
type result struct {
	SchemaVersion string    `json:"schema_version"`
	Project       string    `json:"project"`
	CompletedAt   string    `json:"completed_at"` // RFC 3339; only of newer versions
	ControlsMeta  []control `json:"controls_meta"`
	Findings      []finding `json:"findings"`
}

type control struct {
	ID     string `json:"id"`
	Checks []struct {
		ID string `json:"id"`
	} `json:"checks"`
}

type finding struct {
	CheckID   string `json:"check_id"`
	ControlID string `json:"control_id"`
	Status    string `json:"status"`
}

// fault is what is wrong with a result, where, and what helps.
type fault struct {
	line int
	what string
}

func (f fault) Error() string { return fmt.Sprintf("line %d: %s", f.line, f.what) }

// again is what helps against a file that is no whole result.
const again = "write it again with wafpass check --output json"

// parse reads a result. Its errors are a fault: the line and what to do.
func parse(b []byte) (result, error) {
	if err := checkText(b); err != nil {
		return result{}, err
	}
	if err := checkKeys(b); err != nil {
		return result{}, err
	}
	// The version comes first: of another one nothing else is expected.
	var head map[string]json.RawMessage
	if err := json.Unmarshal(b, &head); err != nil {
		return result{}, fault{1, "it is no JSON object; " + again}
	}
	var version string
	if err := json.Unmarshal(head["schema_version"], &version); err != nil || version == "" {
		return result{}, fault{lineOf(b, "schema_version"), "it has no schema_version, so that nobody knows how to read it; let path name results of wafpass check --output json alone"}
	}
	if !slices.Contains(versions, version) {
		return result{}, fault{lineOf(b, "schema_version"), fmt.Sprintf("schema_version %.40q is not read, only %s; it is kept as it is: "+
			"use an auditpack that knows it, or a wafpass that writes %s", version, strings.Join(versions, " and "), versions[len(versions)-1])}
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return result{}, fault{line(b, wrong.Offset), fmt.Sprintf("%s is a JSON %s; %s", wrong.Field, wrong.Value, again)}
		}
		return result{}, fault{1, err.Error() + "; " + again}
	}
	if _, ok := head["findings"]; !ok {
		return result{}, fault{1, "it has no findings, not even an empty list; " + again}
	}
	for i, f := range r.Findings {
		if f.CheckID == "" || f.ControlID == "" || f.Status == "" {
			return result{}, fault{lineOf(b, "findings"), fmt.Sprintf("finding %d lacks check_id, control_id or status; %s", i+1, again)}
		}
	}
	for i, c := range r.ControlsMeta {
		if c.ID == "" || slices.ContainsFunc(c.Checks, func(x struct {
			ID string `json:"id"`
		}) bool {
			return x.ID == ""
		}) {
			return result{}, fault{lineOf(b, "controls_meta"), fmt.Sprintf("control %d, or a check of it, has no id; %s", i+1, again)}
		}
	}
	return r, nil
}

// checkText refuses what is no UTF-8.
func checkText(b []byte) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return fault{1, "it is empty; " + again}
	}
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return fault{1, "it begins with a byte order mark, as PowerShell writes it; write it as UTF-8 without one"}
	}
	if utf8.Valid(b) {
		return nil
	}
	for at := 0; at < len(b); {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n == 1 {
			return fault{line(b, int64(at)), "it is no UTF-8; " + again}
		}
		at += n
	}
	return nil
}

// checkKeys reads all of b, and refuses an object with a key twice: of the two values, readers would take different ones.
func checkKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := value(d, b, 0); err != nil {
		var own fault
		if errors.As(err, &own) {
			return own
		}
		at := d.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = syntax.Offset
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fault{line(b, int64(len(b))), "it ends in the middle; " + again}
		}
		return fault{line(b, at), fmt.Sprintf("it is no JSON: %v; %s", err, again)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault{line(b, d.InputOffset()), "something follows the result; let each file hold one"}
	}
	return nil
}

// maxDepth is how deep lists and objects may lie in each other; a result needs six.
const maxDepth = 1000

func value(d *json.Decoder, b []byte, depth int) error {
	if depth > maxDepth {
		return fault{line(b, d.InputOffset()), "its lists and objects lie too deep in each other; " + again}
	}
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string) // the decoder lets nothing else be a key
			if seen[name] {
				return fault{line(b, d.InputOffset()), fmt.Sprintf("key %.80q is there twice in one object; %s", name, again)}
			}
			seen[name] = true
		}
		if err := value(d, b, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// line is the line of byte offset at, from 1.
func line(b []byte, at int64) int {
	return 1 + bytes.Count(b[:min(max(at, 0), int64(len(b)))], []byte("\n"))
}

// lineOf is the line of the first such key, 1 without one.
func lineOf(b []byte, key string) int {
	return line(b, int64(max(0, bytes.Index(b, []byte(`"`+key+`"`)))))
}
