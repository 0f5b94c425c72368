package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/internal/strictyaml"
)

// Sources makes the configured sources ready to be asked; with names given, only those. tool names the program.
func (w *Workspace) Sources(names []string, tool string) ([]collectors.Source, error) {
	var out []collectors.Source
	var errs []error
	for _, s := range w.Config.Sources {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		source, err := w.source(s, tool)
		if err != nil {
			errs = append(errs, fmt.Errorf("source %q: %w", s.Name, withSource(err)))
			continue
		}
		out = append(out, source)
	}
	return out, errors.Join(append(errs, w.refuseUnknown(names))...)
}

// TypedSource is a configured source and its type, without a collector.
type TypedSource struct {
	Name   string
	Type   collectors.Type
	Decode func(any) error // the source's own keys, strictly
}

// Types returns the configured sources with their types, in order; with names given, only those. It reads no secrets.
func (w *Workspace) Types(names []string) ([]TypedSource, error) {
	var out []TypedSource
	for _, s := range w.Config.Sources {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		t, _ := w.typeOf(s.Type) // validated when the workspace was opened
		out = append(out, TypedSource{Name: s.Name, Type: t, Decode: w.decoder(s)})
	}
	return out, w.refuseUnknown(names)
}

// refuseUnknown gives an error for each name that no source has.
func (w *Workspace) refuseUnknown(names []string) error {
	var errs []error
	for _, n := range names {
		if !slices.ContainsFunc(w.Config.Sources, func(s SourceConfig) bool { return s.Name == n }) {
			errs = append(errs, fmt.Errorf("source %q is not in %s; it has %s", n, FileName, strings.Join(w.SourceNames(), ", ")))
		}
	}
	return errors.Join(errs...)
}

// SourceNames lists the configured names in order.
func (w *Workspace) SourceNames() []string {
	var names []string
	for _, s := range w.Config.Sources {
		names = append(names, s.Name)
	}
	return names
}

func (w *Workspace) source(s SourceConfig, tool string) (collectors.Source, error) {
	t, _ := w.typeOf(s.Type) // validated when the workspace was opened
	c, err := t.New(w.decoder(s), w.env(s.Name, tool))
	if err != nil {
		var placed *strictyaml.Error
		if !errors.As(err, &placed) {
			where := fmt.Sprintf("%s:%d: ", w.shown, s.Line)
			err = errors.New(where + strings.ReplaceAll(err.Error(), "\n", "\n"+where))
		}
		return collectors.Source{}, err
	}
	rules, err := w.redactionOf(s, t)
	if err != nil {
		return collectors.Source{}, err // seen when the workspace was opened
	}
	return collectors.Source{Name: s.Name, Type: t, Collector: c, Redaction: rules}, nil
}

// decoder reads a source's own keys.
func (w *Workspace) decoder(s SourceConfig) func(any) error {
	return func(v any) error {
		if len(s.node.Values) == 0 {
			return nil
		}
		return strictyaml.DecodeNode(w.shown, s.node, v)
	}
}

// noted is Path for what a source asks for.
func (w *Workspace) noted(configured string) string {
	path := w.Path(configured)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.configured, path) {
		w.configured = append(w.configured, path)
	}
	return path
}

// ConfiguredPaths lists the absolute paths, patterns among them, that sources have asked for so far, in that order.
func (w *Workspace) ConfiguredPaths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.configured)
}

func (w *Workspace) env(name, tool string) collectors.Env {
	return collectors.Env{
		Name:   name,
		Path:   w.noted,
		Open:   func(configured string) fs.FS { return os.DirFS(w.noted(configured)) },
		Getenv: os.Getenv,
		HTTP: func() *http.Client {
			return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		},
		Now:  func() time.Time { return time.Now().UTC() },
		Tool: tool,
	}
}
