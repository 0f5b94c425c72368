package workspace

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"auditpack/evidence"
	"auditpack/evidence/retention"
	"auditpack/internal/strictyaml"
)

// Retention says how long raw evidence is kept; what no rule names is kept for good.
type Retention struct {
	Rules   []RetentionRule `yaml:"rules" jsonschema:"description=The first rule that matches a record is its rule"`
	Holds   []RetentionHold `yaml:"holds" jsonschema:"description=What stays whatever the rules say, such as for a legal case"`
	Bundles Days            `yaml:"bundles" jsonschema:"description=How long all that was in a bundle stays after the bundle was made; for good when it is left out"`
}

// RetentionRule is one rule.
type RetentionRule struct {
	Kind   string `yaml:"kind" jsonschema:"description=Kind of evidence without its version, such as vault.audit-log; all when it is left out"`
	Source string `yaml:"source" jsonschema:"description=Name of a source; all when it is left out"`
	Keep   Days   `yaml:"keep" jsonschema:"required,description=How long after the time that it speaks for, in days, such as 400d"`
}

// RetentionHold is one hold.
type RetentionHold struct {
	Kind   string `yaml:"kind" jsonschema:"description=Kind of evidence without its version; all when it is left out"`
	Source string `yaml:"source" jsonschema:"description=Name of a source; all when it is left out"`
	From   Date   `yaml:"from" jsonschema:"description=Only what speaks for times from here on; goes with to"`
	To     Date   `yaml:"to" jsonschema:"description=Only what speaks for times before this; goes with from"`
	Reason string `yaml:"reason" jsonschema:"required,minLength=1,description=Why: a case number for instance"`
}

// Days is a time in whole days, "400d"; the zero value is none.
type Days string

var daysPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}d$`)

// UnmarshalYAML refuses what is no number of days.
func (d *Days) UnmarshalYAML(node ast.Node) error {
	var s string
	if err := yaml.NodeToValue(node, &s); err != nil || !daysPattern.MatchString(s) {
		return strictyaml.At(node, fmt.Errorf("%s: want days, such as 400d", strings.TrimSpace(node.String())))
	}
	*d = Days(s)
	return nil
}

func (d Days) duration() time.Duration {
	n, err := strconv.Atoi(strings.TrimSuffix(string(d), "d"))
	if err != nil {
		return 0 // none is configured
	}
	return time.Duration(n) * 24 * time.Hour
}

// Date is a date (UTC midnight) or an RFC 3339 time; the zero value is none.
type Date string

// UnmarshalYAML refuses what is neither.
func (d *Date) UnmarshalYAML(node ast.Node) error {
	var s string
	if err := yaml.NodeToValue(node, &s); err != nil {
		return strictyaml.At(node, err)
	}
	if _, err := ParseTime(s); err != nil {
		return strictyaml.At(node, err)
	}
	*d = Date(s)
	return nil
}

// validate finds what is missing: a rule without keep would let everything go at once.
func (c *Retention) validate(shown string) (errs []error) {
	if c == nil {
		return nil
	}
	for i, r := range c.Rules {
		if r.Keep == "" {
			errs = append(errs, fmt.Errorf("%s: retention.rules[%d].keep is not set: want days, such as 400d", shown, i))
		}
	}
	for i, h := range c.Holds {
		if h.Reason == "" {
			errs = append(errs, fmt.Errorf("%s: retention.holds[%d].reason is not set", shown, i))
		}
		if (h.From == "") != (h.To == "") {
			errs = append(errs, fmt.Errorf("%s: retention.holds[%d]: from and to go together", shown, i))
		}
	}
	return errs
}

// RetentionPolicy is what auditpack.yaml says of retention; without rules nothing ever goes.
func (w *Workspace) RetentionPolicy() (retention.Policy, error) {
	var p retention.Policy
	c := w.Config.Retention
	if c == nil {
		return p, nil
	}
	p.KeepBundled = c.Bundles.duration()
	for _, s := range w.Config.Sources {
		p.Sources = append(p.Sources, s.Name)
	}
	for _, t := range w.types {
		for _, k := range t.Kinds {
			p.Kinds = append(p.Kinds, k.Name())
		}
	}
	for _, r := range c.Rules {
		p.Rules = append(p.Rules, retention.Rule{Kind: r.Kind, Source: r.Source, Keep: r.Keep.duration(), Text: r.text()})
	}
	for _, h := range c.Holds {
		hold := retention.Hold{Kind: h.Kind, Source: h.Source, Reason: h.Reason}
		if h.From != "" {
			period, err := h.period()
			if err != nil {
				return p, fmt.Errorf("%s: retention: hold %q: %w", w.shown, h.Reason, err)
			}
			hold.Period = &period
		}
		p.Holds = append(p.Holds, hold)
	}
	return p, nil
}

func (h RetentionHold) period() (evidence.Period, error) {
	from, err := ParseTime(string(h.From))
	if err != nil {
		return evidence.Period{}, err
	}
	to, err := ParseTime(string(h.To))
	if err != nil {
		return evidence.Period{}, err
	}
	return evidence.NewPeriod(from, to)
}

// text is the rule in one line, for the tombstone.
func (r RetentionRule) text() string {
	of := []string{"all evidence"}
	if r.Kind != "" {
		of[0] = r.Kind
	}
	if r.Source != "" {
		of = append(of, "of source "+r.Source)
	}
	return strings.Join(of, " ") + " is kept for " + strings.TrimSuffix(string(r.Keep), "d") + " days"
}
