package workspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
)

// DefaultPseudonymKey is the file of the key of pseudonyms, relative to the workspace.
const DefaultPseudonymKey = "keys/pseudonym.key"

// Redaction says what is taken out of evidence before it is stored, whatever source it is from. A source's own rules come first.
type Redaction struct {
	Key   string           `yaml:"key" jsonschema:"description=File of the key that pseudonyms are made with; default: keys/pseudonym.key"`
	Rules []redaction.Rule `yaml:"rules" jsonschema:"description=Those of a source come before these; docs/redaction.md says which one of several takes a value"`
}

// PseudonymKey is the path of the file of the key of pseudonyms, whether or not it is there.
func (w *Workspace) PseudonymKey() string {
	if r := w.Config.Redaction; r != nil && r.Key != "" {
		return w.Path(r.Key)
	}
	return w.Path(DefaultPseudonymKey)
}

// redactionOf reads the rules for a source.
func (w *Workspace) redactionOf(s SourceConfig, t collectors.Type) (*redaction.Set, error) {
	return redaction.Compile(w.RedactionRules(s), t.Quotes)
}

// RedactionRules lists the rules for a source in the order in which they apply.
func (w *Workspace) RedactionRules(s SourceConfig) []redaction.Rule {
	rules := slices.Clone(s.Redaction)
	if r := w.Config.Redaction; r != nil {
		rules = append(rules, r.Rules...)
	}
	return rules
}

// validateRedaction finds what is wrong with the rules of the workspace and of its sources.
func (w *Workspace) validateRedaction() (errs []error) {
	if r := w.Config.Redaction; r != nil {
		if _, err := redaction.Compile(r.Rules, nil); err != nil {
			errs = append(errs, fmt.Errorf("%s: redaction: %w", w.shown, err))
		}
		var kinds []evidence.Kind
		for _, t := range w.types {
			kinds = append(kinds, t.Kinds...)
		}
		if err := knownKinds(r.Rules, kinds); err != nil {
			errs = append(errs, fmt.Errorf("%s: redaction: %w", w.shown, err))
		}
	}
	for _, s := range w.Config.Sources {
		t, ok := w.typeOf(s.Type)
		if !ok || s.node == nil {
			continue
		}
		_, err := w.redactionOf(s, t)
		if len(s.Redaction) == 0 {
			continue // said above
		}
		if err := errors.Join(err, knownKinds(s.Redaction, t.Kinds)); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: source %q: %w", w.shown, s.Line, s.Name, err))
		}
	}
	return errs
}

// knownKinds refuses rules for kinds that nothing collects: a slip of the pen would take nothing out, and nobody would hear of it. The
// kinds of plugins are theirs to name.
func knownKinds(rules []redaction.Rule, kinds []evidence.Kind) error {
	var errs []error
	for _, r := range rules {
		for _, name := range r.Kinds {
			known := slices.ContainsFunc(append(kinds, redaction.KindRecord), func(k evidence.Kind) bool { return name == string(k) || name == k.Name() })
			if !known && !strings.HasPrefix(name, "plugin.") {
				errs = append(errs, fmt.Errorf("redaction rule %q: kind %q: nothing that is configured here collects it; auditpack.record is for records themselves", r.ID, name))
			}
		}
	}
	return errors.Join(errs...)
}
