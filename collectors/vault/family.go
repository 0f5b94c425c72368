package vault

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const date = `(\d{4}-\d{2}-\d{2}|\d{8})([T_-]?\d{2}[-:.]?\d{2}([-:.]?\d{2}([.,]\d+)?)?Z?|[-_]\d{2}|[-.]\d+)?`

var (
	compressedName = regexp.MustCompile(`(?i)\.(gz|zst|zstd|xz|bz2)$`)
	numberedName   = regexp.MustCompile(`\.(\d{1,6})$`)                // audit.log.1
	stampedName    = regexp.MustCompile(`[-._](` + date + `|\d{10})$`) // audit.log-20260801, audit.log.2026-08-01, audit.log-1785542400
	insideName     = regexp.MustCompile(`[-._](` + date + `)(\.(?:log|json))$`)
	oldName        = regexp.MustCompile(`\.(old|bak)$`)
)

// rotation is what the name of a log file says: which log it belongs to and how old it is.
type rotation struct {
	log        string // the name without what rotation added to it
	number     int    // of audit.log.1; 0 without
	stamp      string // of audit.log-20260801
	compressed bool
}

func parseName(base string) rotation {
	r := rotation{log: base}
	strip := func(re *regexp.Regexp) (string, bool) {
		m := re.FindStringSubmatchIndex(r.log)
		if m == nil || m[0] == 0 {
			return "", false
		}
		match := r.log[m[2]:m[3]]
		r.log = r.log[:m[0]]
		return match, true
	}
	if _, ok := strip(compressedName); ok {
		r.compressed = true
	}
	for {
		if s, ok := strip(stampedName); ok {
			r.stamp = s
			continue
		}
		if s, ok := strip(numberedName); ok {
			r.number, _ = strconv.Atoi(s) // at most six digits
			continue
		}
		if s, ok := strip(oldName); ok {
			r.stamp = s
			continue
		}
		break
	}
	if m := insideName.FindStringSubmatchIndex(r.log); m != nil && m[0] > 0 {
		r.stamp = r.log[m[2]:m[3]]
		r.log = r.log[:m[0]] + r.log[m[len(m)-2]:m[len(m)-1]]
	}
	return r
}

// current says whether the name is the one that Vault writes to.
func (r rotation) current() bool { return r.number == 0 && r.stamp == "" && !r.compressed }

// compareAge orders names from the oldest to the one being written, a plain file before its compressed copy.
func compareAge(a, b rotation) int {
	if a.current() != b.current() {
		if a.current() {
			return 1
		}
		return -1
	}
	compressed := func(r rotation) int {
		if r.compressed {
			return 1
		}
		return 0
	}
	return cmp.Or(strings.Compare(a.stamp, b.stamp), b.number-a.number, compressed(a)-compressed(b))
}

// logFile is one file that the configuration names.
type logFile struct {
	path   string // absolute
	shown  string // for people: relative to the workspace where it was configured so
	size   int64  // when it was found, in bytes
	device string // the name of the log it belongs to
	rotation
}

// assignDevices names the log of each file and sorts the files: log by log, the oldest first. Logs of one name in several
// folders are one log (rotated files may be moved away), unless more than one of these folders has a current file: then the
// folder's name goes before it.
func assignDevices(files []logFile) {
	currents := map[string]map[string]bool{} // log to folders
	for i, f := range files {
		files[i].rotation = parseName(filepath.Base(f.path))
		if r := files[i].rotation; r.current() {
			if currents[r.log] == nil {
				currents[r.log] = map[string]bool{}
			}
			currents[r.log][filepath.Dir(f.path)] = true
		}
	}
	for i, f := range files {
		files[i].device = f.log
		if len(currents[f.log]) > 1 {
			files[i].device = filepath.Base(filepath.Dir(f.path)) + "/" + f.log
		}
	}
	slices.SortFunc(files, func(a, b logFile) int {
		return cmp.Or(strings.Compare(a.device, b.device), compareAge(a.rotation, b.rotation), strings.Compare(a.path, b.path))
	})
}
