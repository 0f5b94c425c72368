package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// devicesPath lists the audit devices.
const devicesPath = "sys/audit"

// canaryPart names the part under which the canaries are asked for and kept.
const canaryPart = "own requests"

// maxCanaries bounds how many requests of one collection are remembered: a hole in a log is found by the first few as well as by
// those for a thousand policies.
const maxCanaries = 32

// canary is a request of the collector's own, as a line of a record of kind vault.canary/1. Its answer named it, and a log that has
// what happened has that id in two entries, on every device that was enabled then.
//
// Source: Vault API, "request_id" of every answer that is no error; audit entries, "request.id".
type canary struct {
	RequestID string         `json:"request_id"`
	Time      time.Time      `json:"time"`      // when the answer came, by the clock of the collector
	Address   string         `json:"address"`   // of the Vault
	Namespace string         `json:"namespace"` // that was asked in, empty for the root
	Path      string         `json:"path"`
	Devices   []canaryDevice `json:"devices"` // enabled while it was handled; null where nobody may know
}

// canaryDevice is an audit device that was enabled.
type canaryDevice struct {
	Path     string `json:"path"` // "file/"
	Type     string `json:"type"`
	FilePath string `json:"file_path"` // of a file device, else empty
	Log      string `json:"log"`       // the name that its file's log has in evidence, without a folder; empty where it writes none
	Partial  bool   `json:"partial"`   // it has a filter, or takes only what others filter out: it need not have every entry
}

// canaries remembers the requests of one collection. It is safe for concurrent use.
type canaries struct {
	mu   sync.Mutex
	rows []canary

	listed  evidence.Digest // of the first list of audit devices, once it is evidence of its own
	from    int             // the row of the request that it answered
	devices []canaryDevice  // that it lists; nil before
}

// note remembers a request that body answered at the time at. An answer that names no request, as that of sys/health, leaves
// nothing to look for.
func (c *canaries) note(namespace, path string, body []byte, at time.Time) {
	var answer struct {
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.RequestID == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if path == devicesPath && c.devices == nil {
		if devices, err := readDevices(body); err == nil {
			c.devices, c.from = devices, len(c.rows)
		}
	}
	if len(c.rows) < maxCanaries && !slices.ContainsFunc(c.rows, func(r canary) bool { return r.RequestID == answer.RequestID }) {
		c.rows = append(c.rows, canary{RequestID: answer.RequestID, Time: at, Namespace: namespace, Path: path})
	}
}

// keep remembers that the first list of audit devices is evidence.
func (c *canaries) keep(list []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.devices != nil {
		c.listed = evidence.DigestOf(list)
	}
}

// take returns the requests so far. body is a second list of audit devices, nil when there is none. A device that both lists name
// was enabled for all requests between them; for what was asked before the first list, or without a second one, nobody can say it.
func (c *canaries) take(address string, body []byte) []canary {
	c.mu.Lock()
	defer c.mu.Unlock()
	both := []canaryDevice{}
	again, err := readDevices(body) // none is an error
	for _, d := range c.devices {
		if slices.Contains(again, d) {
			both = append(both, d)
		}
	}
	rows := slices.Clone(c.rows)
	for i := range rows {
		rows[i].Address = address
		switch {
		case c.devices == nil || i < c.from:
		case i == c.from:
			rows[i].Devices = c.devices
		case err == nil:
			rows[i].Devices = both
		}
	}
	return rows
}

// readDevices returns the devices that an answer of sys/audit lists, by path.
//
// Source: Vault API, "List enabled audit devices": data has a member for each; options are texts.
func readDevices(body []byte) ([]canaryDevice, error) {
	var answer struct {
		Data map[string]struct {
			Type    string            `json:"type"`
			Options map[string]string `json:"options"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the list of audit devices: %w", err)
	}
	devices := []canaryDevice{}
	for path, d := range answer.Data {
		c := canaryDevice{Path: path, Type: d.Type, Partial: d.Options["filter"] != "" || isTrue(d.Options["fallback"])}
		if d.Type == "file" {
			c.FilePath = d.Options["file_path"]
			if c.FilePath == "" {
				c.FilePath = d.Options["path"]
			}
			c.Log = logName(c.FilePath)
		}
		devices = append(devices, c)
	}
	slices.SortFunc(devices, func(a, b canaryDevice) int { return strings.Compare(a.Path, b.Path) })
	return devices, nil
}

// logName returns what findLogs calls the log that a device writes to path, on a host that may not be ours.
func logName(path string) string {
	if folded := strings.ToLower(path); folded == "stdout" || folded == "discard" {
		return ""
	}
	return parseName(path[strings.LastIndexAny(path, `/\`)+1:]).log
}

// isTrue reads an option as Vault does: 1, t, true and their capitals.
func isTrue(option string) bool {
	on, err := strconv.ParseBool(option)
	return err == nil && on
}

// canaries asks for the audit devices once more, and keeps what this collection asked as a record of its own.
func (l *live) canaries(ctx context.Context) {
	body, at, err := l.api.get(ctx, devicesPath, nil)
	if err != nil {
		body = nil
	}
	rows := l.api.asked.take(l.about.System, body)
	n, err := l.addCanaries(ctx, rows, body, at)
	o := collectors.OutcomeOf(canaryPart, KindCanary, n, err)
	if err == nil && n == 0 {
		o.Detail = "no answer named its request"
	}
	l.out.Outcome(o)
}

func (l *live) addCanaries(ctx context.Context, rows []canary, body []byte, at time.Time) (int64, error) {
	if len(rows) == 0 {
		return 0, ctx.Err()
	}
	part, err := collectors.PutRows(ctx, l.out, KindCanary, canaryPart, rows)
	if err != nil {
		return 0, err
	}
	parts := []evidence.Part{part}
	if body != nil {
		if part, err = l.put(ctx, KindCanary, devicesPath, body); err != nil {
			return 0, err
		}
		parts = append(parts, part)
	}
	n := int64(len(rows))
	rec := l.record(KindCanary, at, fmt.Sprintf("Noted the request_id of the first %d answers of this collection that have one, and listed the audit devices again (GET /v1/%s): those in both lists were enabled for every request between them. Each id is the request.id of two entries on each of these devices.", maxCanaries, devicesPath), parts)
	rec.Stated.ItemsSeen = &n
	if l.api.asked.listed != "" {
		rec.DerivedFrom = []evidence.Digest{l.api.asked.listed}
	}
	if _, err := l.out.Add(ctx, rec); err != nil {
		return 0, err
	}
	return n, nil
}
