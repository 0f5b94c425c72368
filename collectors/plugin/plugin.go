// Package plugin collects with a collector in another program, which hashicorp/go-plugin starts and gRPC speaks to. The program is
// trusted with nothing: it is started from a copy whose digest was compared, sees the environment it was granted, may add its
// own kinds of evidence alone, and is killed with its process group when it breaks the protocol, takes too long or takes too
// much. Digests are computed on this side. How it ended is evidence, whether well or not. sdk has what the other side needs.
package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// kindRun is the kind of the record that says which program collected and how it ended.
const kindRun evidence.Kind = "plugin.run/1"

// partPlugin is the part that says how running the program went, and partSource the one that says of each of its kinds that a
// collection did not end as it should.
const (
	partPlugin = "plugin"
	partSource = "source"
)

// Type is this collector's entry in collectors/all. Its kinds are those of its own records; a plugin's own are plugin.NAME.WHAT.
var Type = collectors.Type{
	Name:    "plugin",
	Version: "1",
	Doc:     "A collector in another program, which is started from a pinned copy and contained.",
	Kinds:   []evidence.Kind{kindRun},
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type plugin. Times are written like 30s, 5m, 2h.
type Config struct {
	Executable   string         `yaml:"executable" jsonschema:"required,minLength=1,description=The program; an absolute path or one relative to auditpack.yaml"`
	SHA256       string         `yaml:"sha256" jsonschema:"required,pattern=^(sha256:)?[0-9a-f]{64}$,description=SHA-256 of the program as sha256sum prints it; another file is not started"`
	Config       map[string]any `yaml:"config" jsonschema:"description=What the plugin is configured with; its own documentation has the keys. Never a secret"`
	Env          []string       `yaml:"env" jsonschema:"description=Names of environment variables that the plugin may see; it sees no others"`
	StartTimeout string         `yaml:"start_timeout" jsonschema:"description=How long it may take to start; default: 30s"`
	Timeout      string         `yaml:"timeout" jsonschema:"description=How long one collection may take; default: 1h"`
	IdleTimeout  string         `yaml:"idle_timeout" jsonschema:"description=How long it may say nothing during a collection; default: 5m"`
	StopTimeout  string         `yaml:"stop_timeout" jsonschema:"description=How long it may take to end when told to; then it is killed; default: 5s"`
	MaxBytes     int64          `yaml:"max_bytes" jsonschema:"minimum=0,description=How many raw bytes one collection may bring; default: 17179869184 (16 GiB)"`
}

// limits are what a plugin may take.
type limits struct {
	start, total, idle, stop time.Duration
	bytes                    int64
}

const defaultMaxBytes = 16 << 30

type collector struct {
	Config
	limits limits
	want   evidence.Digest // of the executable
	config []byte          // Config.Config as JSON
	vars   []string        // NAME=value, of Env
	mask   masker
	env    collectors.Env
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	c := &collector{env: env}
	if err := decode(&c.Config); err != nil {
		return nil, err
	}
	var errs []error
	if c.Executable == "" {
		errs = append(errs, errors.New("executable is not set: want the path of the plugin"))
	}
	errs = append(errs, c.readDigest(), c.readLimits(), c.readEnv(), c.readConfig())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *collector) readDigest() (err error) {
	if c.SHA256 == "" {
		return errors.New("sha256 is not set: want what sha256sum prints for the executable; a plugin is never started without")
	}
	c.want, err = evidence.ParseDigest("sha256:" + strings.TrimPrefix(c.SHA256, "sha256:"))
	if err != nil {
		return fmt.Errorf("sha256: %w", err)
	}
	return nil
}

func (c *collector) readLimits() error {
	var errs []error
	for _, l := range []struct {
		key, value string
		def        time.Duration
		into       *time.Duration
	}{
		{"start_timeout", c.StartTimeout, 30 * time.Second, &c.limits.start},
		{"timeout", c.Timeout, time.Hour, &c.limits.total},
		{"idle_timeout", c.IdleTimeout, 5 * time.Minute, &c.limits.idle},
		{"stop_timeout", c.StopTimeout, 5 * time.Second, &c.limits.stop},
	} {
		*l.into = l.def
		if l.value == "" {
			continue
		}
		d, err := time.ParseDuration(l.value)
		if err != nil || d <= 0 {
			errs = append(errs, fmt.Errorf("%s: got %q, want a time above 0, such as %s", l.key, l.value, l.def))
		}
		*l.into = d
	}
	c.limits.bytes = c.MaxBytes
	if c.MaxBytes == 0 {
		c.limits.bytes = defaultMaxBytes
	}
	if c.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("max_bytes: got %d, want more than 0", c.MaxBytes))
	}
	return errors.Join(errs...)
}

var (
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// ours are variables that the plugin gets from go-plugin or that would load other code than the executable's.
	ours = regexp.MustCompile(`^(PLUGIN_|AUDITPACK_PLUGIN|LD_|DYLD_)`)
)

func (c *collector) readEnv() error {
	var errs []error
	for _, name := range c.Env {
		if !variable.MatchString(name) {
			name, _, _ = strings.Cut(name, "=") // what comes after may be a secret
			errs = append(errs, fmt.Errorf("env: got %q with something behind it, want the name of a variable alone", name))
			continue
		}
		if ours.MatchString(name) {
			errs = append(errs, fmt.Errorf("env: %q cannot be handed over: it changes how the program is started or which code it loads", name))
			continue
		}
		if value := c.env.Getenv(name); value != "" {
			c.vars = append(c.vars, name+"="+value)
			c.mask.add(name, value)
		}
	}
	return errors.Join(errs...)
}

func (c *collector) readConfig() (err error) {
	if c.Config.Config == nil {
		c.config = []byte("{}")
		return nil
	}
	c.config, err = json.Marshal(c.Config.Config)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// memory is the cursor of the source: the plugin's own, and its kinds, so that a later collection in which it does not even start
// can say what is missing.
type memory struct {
	Kinds  []evidence.Kind `json:"kinds"`
	Cursor json.RawMessage `json:"cursor,omitempty"`
}

// Collect starts the program, lets it collect, and ends it.
func (c *collector) Collect(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	var last memory
	if _, err := out.Cursor(&last); err != nil {
		return err
	}
	r := &run{collector: c, out: out, last: last, kinds: last.Kinds, process: newProcess(tailBytes + c.mask.longest())}
	err := r.collect(ctx, p)
	err = errors.Join(err, r.addRun(context.WithoutCancel(ctx), err)) // an interrupted run is evidence, too
	if err != nil {
		err = c.mask.error(err)
		r.out.Outcome(collectors.OutcomeOf(partPlugin, kindRun, 0, err))
		for _, k := range r.kinds {
			r.out.Outcome(collectors.OutcomeOf(partSource, k, 0, err))
		}
		return err
	}
	r.out.Outcome(evidence.PartOutcome{Part: partPlugin, Kind: kindRun, Outcome: evidence.OutcomeOK, Items: 1, Detail: r.identity()})
	return nil
}

// kindsOf returns the kinds of a description, sorted.
func kindsOf(names []string) []evidence.Kind {
	var kinds []evidence.Kind
	for _, n := range names {
		kinds = append(kinds, evidence.Kind(n))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
