// Package workspace reads auditpack.yaml and opens what it names: the store, the sources, the files that people keep beside
// it. It knows where things lie, not what they mean.
package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/internal/strictyaml"
)

// FileName is the file that makes a folder a workspace.
const FileName = "auditpack.yaml"

// Config is auditpack.yaml. Only organization.name and sources are required.
type Config struct {
	Organization Organization              `yaml:"organization" jsonschema:"required,description=Whom the reports are about"`
	Frameworks   []string                  `yaml:"frameworks" jsonschema:"description=Frameworks that are reported on when --framework is not given: iso27001-2022 c5-2020 waf-sec or one of your own"`
	Period       *Period                   `yaml:"period" jsonschema:"description=What is judged when no period is given on the command line: a quarter such as 2026-Q3 or from and to"`
	Sources      []SourceConfig            `yaml:"sources" jsonschema:"required,description=What evidence is collected from"`
	Parameters   map[string]map[string]any `yaml:"parameters" jsonschema:"description=Parameters of control tests that differ from their defaults: test id then parameter then value"`
	Owners       map[string]string         `yaml:"owners" jsonschema:"description=Your own names for the owners of controls: the name that the catalogue uses then yours"`
	Store        string                    `yaml:"store" jsonschema:"description=Folder of the evidence store; default: store"`
	Timestamp    *TimestampAuthority       `yaml:"timestamp" jsonschema:"description=Authority that gives checkpoints and seals a timestamp (RFC 3161); none when it is left out"`
	Retention    *Retention                `yaml:"retention" jsonschema:"description=How long raw evidence is kept; for good when it is left out"`
	Redaction    *Redaction                `yaml:"redaction" jsonschema:"description=What is taken out of evidence before it is stored; nothing when it is left out"`
}

// Organization is whom the reports are about.
type Organization struct {
	Name  string `yaml:"name" jsonschema:"required,minLength=1,description=Name of the organization as reports print it"`
	Scope string `yaml:"scope" jsonschema:"description=What is in scope in a sentence; printed on the cover"`
	Role  string `yaml:"role" jsonschema:"enum=provider,enum=customer,description=provider or customer of the cloud service: C5 binds the provider"`
}

// TimestampAuthority tells the time at which a checkpoint or a seal was there.
type TimestampAuthority struct {
	URL    string `yaml:"url" jsonschema:"required,minLength=1,description=Address that takes requests as in RFC 3161; http or https"`
	CA     string `yaml:"ca" jsonschema:"required,minLength=1,description=File with the PEM certificates that its timestamps are checked with; one of a root at least"`
	Policy string `yaml:"policy" jsonschema:"description=Object identifier of the policy to ask for; the authority chooses when it is left out"`
}

// SourceConfig is one configured source: its name, its type, its rules of redaction, and the keys of that type's collector.
type SourceConfig struct {
	Name string
	Type string
	Line int // in auditpack.yaml

	Redaction []redaction.Rule // of its evidence, before those of the workspace

	node *ast.MappingNode
}

// UnmarshalYAML keeps what is not name, type or redaction for the collector, so that its errors name the line in auditpack.yaml.
func (s *SourceConfig) UnmarshalYAML(node ast.Node) error {
	m, ok := node.(*ast.MappingNode)
	if !ok {
		if v, single := node.(*ast.MappingValueNode); single {
			m = ast.Mapping(v.GetToken(), false, v)
		} else {
			return strictyaml.At(node, errors.New("a source is a mapping with name and type"))
		}
	}
	rest := ast.Mapping(m.GetToken(), m.IsFlowStyle)
	for _, v := range m.Values {
		var into any
		switch v.Key.String() {
		case "name":
			into = &s.Name
		case "type":
			into = &s.Type
		case "redaction":
			into = &s.Redaction
		default:
			rest.Values = append(rest.Values, v)
			continue
		}
		if err := yaml.NodeToValue(v.Value, into, yaml.Strict()); err != nil {
			return err
		}
	}
	s.node = rest
	if t := m.GetToken(); t != nil && t.Position != nil {
		s.Line = t.Position.Line
	}
	if len(m.Values) > 0 {
		s.Line = m.Values[0].Key.GetToken().Position.Line
	}
	return nil
}

// Period is "2026-Q3", or a mapping with from and to: dates or RFC 3339 times; dates are UTC midnights, to is the first
// instant that no longer belongs to it.
type Period struct{ evidence.Period }

// UnmarshalYAML reads both forms.
func (p *Period) UnmarshalYAML(node ast.Node) error {
	read, err := periodOf(node)
	if err != nil {
		return strictyaml.At(node, fmt.Errorf("period: %w", err))
	}
	p.Period = read
	return nil
}

func periodOf(node ast.Node) (evidence.Period, error) {
	var quarter string
	if err := yaml.NodeToValue(node, &quarter); err == nil {
		return evidence.Quarter(quarter)
	}
	var span struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	}
	if err := strictyaml.DecodeNode("", node, &span); err != nil {
		return evidence.Period{}, errors.New("want a quarter such as 2026-Q3, or from and to")
	}
	from, err := ParseTime(span.From)
	if err != nil {
		return evidence.Period{}, fmt.Errorf("from: %w", err)
	}
	to, err := ParseTime(span.To)
	if err != nil {
		return evidence.Period{}, fmt.Errorf("to: %w", err)
	}
	return evidence.NewPeriod(from, to)
}

// ParseTime reads a date (UTC midnight) or an RFC 3339 time.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t, err = time.Parse(time.RFC3339Nano, s)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a date (2026-07-01) nor an RFC 3339 time (2026-07-01T00:00:00Z)", s)
	}
	if !evidence.Representable(t) {
		return time.Time{}, fmt.Errorf("%q lies outside of the years 1678 to 2261", s)
	}
	return t.UTC(), nil
}

// Workspace is an opened folder with an auditpack.yaml.
type Workspace struct {
	Dir    string // absolute
	Config Config
	shown  string // auditpack.yaml as errors name it: below the folder as it was named
	body   ast.Node
	types  []collectors.Type

	mu         sync.Mutex
	configured []string // absolute paths that sources asked for
}

// Open reads the workspace in dir. types are the collectors that sources may name.
func Open(dir string, types []collectors.Type) (*Workspace, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open workspace %q: %w", dir, err)
	}
	name := filepath.Join(abs, FileName)
	raw, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open workspace: no %s in %q; make one with: auditpack init %s, or name another folder with --workspace", FileName, dir, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	return parse(abs, filepath.Join(dir, FileName), raw, types)
}

// parse reads auditpack.yaml of the workspace in dir, an absolute path; shown names the file in errors.
func parse(dir, shown string, raw []byte, types []collectors.Type) (_ *Workspace, err error) {
	w := &Workspace{Dir: dir, shown: shown, types: types}
	if w.body, err = strictyaml.Parse(w.shown, raw); err != nil {
		return nil, fmt.Errorf("open workspace: %w", withSource(err))
	}
	if err := strictyaml.DecodeNode(w.shown, w.body, &w.Config); err != nil {
		return nil, fmt.Errorf("open workspace: %w", withSource(err))
	}
	if err := w.validate(); err != nil {
		return nil, err
	}
	return w, nil
}

// withSource adds the lines around a fault to its error.
func withSource(err error) error {
	var e *strictyaml.Error
	if errors.As(err, &e) && e.Source != "" {
		return fmt.Errorf("%w\n%s", err, e.Source)
	}
	return err
}

func (w *Workspace) validate() error {
	shown := w.shown
	var errs []error
	c := w.Config
	if c.Organization.Name == "" {
		errs = append(errs, fmt.Errorf("%s: organization.name is not set", shown))
	}
	if r := c.Organization.Role; r != "" && r != "provider" && r != "customer" {
		errs = append(errs, fmt.Errorf("%s: organization.role: got %q, want provider or customer", shown, r))
	}
	if t := c.Timestamp; t != nil && t.URL == "" {
		errs = append(errs, fmt.Errorf("%s: timestamp.url is not set", shown))
	}
	if t := c.Timestamp; t != nil && t.CA == "" {
		errs = append(errs, fmt.Errorf("%s: timestamp.ca is not set: without its certificates nobody can check a timestamp", shown))
	}
	errs = append(errs, c.Retention.validate(shown)...)
	errs = append(errs, w.validateRedaction()...)
	if len(c.Sources) == 0 {
		errs = append(errs, fmt.Errorf("%s: sources is empty: nothing can be collected", shown))
	}
	seen := map[string]int{}
	for i, s := range c.Sources {
		if s.node == nil {
			errs = append(errs, fmt.Errorf("%s: sources[%d] is empty: want name and type", shown, i))
			continue
		}
		if s.Name == "" || s.Name == InputsSource {
			errs = append(errs, fmt.Errorf("%s:%d: source has no name of its own (%q)", shown, s.Line, s.Name))
		}
		if first, twice := seen[s.Name]; twice && s.Name != "" {
			errs = append(errs, fmt.Errorf("%s:%d: source %q is already in line %d", shown, s.Line, s.Name, first))
		}
		seen[s.Name] = s.Line
		if _, ok := w.typeOf(s.Type); !ok {
			errs = append(errs, fmt.Errorf("%s:%d: source %q: unknown type %q, want one of %s", shown, s.Line, s.Name, s.Type, strings.Join(w.typeNames(), ", ")))
		}
	}
	return errors.Join(errs...)
}

func (w *Workspace) typeOf(name string) (collectors.Type, bool) {
	i := slices.IndexFunc(w.types, func(t collectors.Type) bool { return t.Name == name })
	if i < 0 {
		return collectors.Type{}, false
	}
	return w.types[i], true
}

func (w *Workspace) typeNames() []string {
	var names []string
	for _, t := range w.types {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

// Place says where auditpack.yaml sets the value that keys lead to, or the last of them that there is, the file as it
// was named, and line 0 for none. What is reached by an alias has only the place of what names it.
func (w *Workspace) Place(keys ...string) (file string, line int) {
	node := w.body
	for _, key := range keys {
		v := valueNode(node, key)
		if v == nil {
			break
		}
		node, line = v.Value, strictyaml.Line(v)
	}
	return w.shown, line
}

// valueNode is the value of a key in a mapping, with the key; nil when there is none.
func valueNode(node ast.Node, key string) *ast.MappingValueNode {
	var values []*ast.MappingValueNode
	switch m := node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	}
	i := slices.IndexFunc(values, func(v *ast.MappingValueNode) bool {
		t := v.Key.GetToken()
		return t != nil && t.Value == key
	})
	if i < 0 {
		return nil
	}
	return values[i]
}

// Path returns a path as configured, absolute: relative ones are relative to auditpack.yaml.
func (w *Workspace) Path(configured string) string {
	if filepath.IsAbs(configured) {
		return configured
	}
	return filepath.Join(w.Dir, configured)
}
