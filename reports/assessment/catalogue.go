package assessment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"auditpack/internal/canonical"
)

// Layer is one place that the catalogue is read from: folders frameworks, controls and tests, each of which may be missing.
type Layer struct {
	Name  string // goes before the names of its files in an Assessment: "templates", "workspace"
	Files fs.FS
}

// Overrides are what a workspace's configuration says of the catalogue: parameters of tests and names of owners that take the
// place of what the catalogue says, and the frameworks that are judged when none is named.
type Overrides struct {
	Values     map[TestID]map[string]any
	Owners     map[string]string // the owner that controls name, and the organization's own name for it
	Frameworks []FrameworkID

	// Place says where the value that keys lead to is set, or the last of them that there is, for errors; line 0 is the whole file.
	// It may be nil, and plays no part in a verdict.
	Place func(keys ...string) (file string, line int)
}

// at says where what err is about is set.
func (o Overrides) at(err error, keys ...string) error {
	if o.Place == nil {
		return err
	}
	file, line := o.Place(keys...)
	return &Problem{File: file, Line: line, Text: err.Error()}
}

// atParameter says that err is about a parameter of a test, or about all of them when parameter is empty.
func (o Overrides) atParameter(id TestID, parameter string, err error) error {
	return o.at(fmt.Errorf("parameters of %s: %w", id, err), "parameters", string(id), parameter)
}

// Catalogue is everything that says what is judged and how. It is not changed after it was loaded, and safe for concurrent use.
type Catalogue struct {
	Frameworks []*Framework // by id
	Controls   []*Control   // by id
	Tests      []*Test      // by id, with the parameters as overridden

	// Files are all files read, sorted by name: those of facts too, and the overridden parameters. An overlaid file is not
	// among them. They are what a second assessment elsewhere needs.
	Files []File

	frameworks map[FrameworkID]*Framework
	controls   map[ControlID]*Control
	tests      map[TestID]*Test
}

// Names of the inputs that hold the overridden parameters, and the organization's names of owners.
const (
	overridesName = "workspace/parameters.json"
	ownersName    = "workspace/owners.json"
)

// LoadCatalogue reads the layers in order: a framework, control or test of a later layer takes the place of one with the same id
// in an earlier layer. The same id twice in one layer, a reference to a test, framework or requirement that is not there, and
// every other fault is an error with file and line; all are joined.
func LoadCatalogue(layers []Layer, overrides Overrides) (*Catalogue, error) {
	c, err := load(layers, overrides)
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	return c, nil
}

// load reads the layers and returns what could be read, with all faults.
func load(layers []Layer, overrides Overrides) (*Catalogue, error) {
	c := &Catalogue{frameworks: map[FrameworkID]*Framework{}, controls: map[ControlID]*Control{}, tests: map[TestID]*Test{}}
	files := map[string]File{}
	var errs []error
	for _, l := range layers {
		errs = append(errs,
			loadFolder(l, "frameworks", readFramework, func(f *Framework) (FrameworkID, string) { return f.ID, f.File }, c.frameworks, files),
			loadFolder(l, "controls", readControl, func(x *Control) (ControlID, string) { return x.ID, x.File }, c.controls, files),
			loadFolder(l, "tests", readTest, func(t *Test) (TestID, string) { return t.ID, t.File }, c.tests, files),
			loadSQL(l, files),
		)
	}
	errs = append(errs, c.override(overrides, files), c.assign(overrides, files))
	c.Frameworks = sorted(c.frameworks)
	c.Controls = sorted(c.controls)
	c.Tests = sorted(c.tests)
	c.Files = slices.SortedFunc(maps.Values(files), func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	errs = append(errs, c.checkControls(), c.checkFrameworks(overrides))
	return c, errors.Join(errs...)
}

// sorted gives the values of m in the order of their keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// loadFolder reads the YAML files of one folder of a layer into the map of all layers, and their bytes into files.
func loadFolder[K cmp.Ordered, V any](l Layer, folder string, read func(File) (V, error), name func(V) (K, string), all map[K]V, files map[string]File) error {
	list, err := readFolder(l, folder, ".yaml")
	errs := []error{err}
	own := map[K]string{}
	for _, f := range list {
		v, err := read(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		id, _ := name(v)
		if want := fmt.Sprint(id) + ".yaml"; path.Base(f.Name) != want {
			errs = append(errs, &Problem{File: f.Name, Text: fmt.Sprintf("file holds %v, so its name must be %s", id, want)})
		}
		if first, ok := own[id]; ok {
			errs = append(errs, &Problem{File: f.Name, Text: fmt.Sprintf("%v is already in %s", id, first)})
			continue
		}
		if before, ok := all[id]; ok {
			_, overlaid := name(before)
			delete(files, overlaid)
		}
		own[id], all[id], files[f.Name] = f.Name, v, f
	}
	return errors.Join(errs...)
}

// loadSQL keeps the SQL of fact tables among the files, because it can change a verdict.
func loadSQL(l Layer, files map[string]File) error {
	list, err := readFolder(l, "facts", ".sql")
	for _, f := range list {
		files[f.Name] = f
	}
	return err
}

// readFolder reads the files of a folder that end in ext, sorted by name. A missing folder is empty. Files whose names begin
// with a dot and folders are left out; one with another ending is an error, because it would be silently without effect.
func readFolder(l Layer, folder, ext string) ([]File, error) {
	entries, err := fs.ReadDir(l.Files, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", folder, l.Name, err)
	}
	var list []File
	var errs []error
	for _, e := range entries {
		name := path.Join(l.Name, folder, e.Name())
		switch {
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
			continue
		case path.Ext(e.Name()) != ext:
			errs = append(errs, &Problem{File: name, Text: "want a name that ends in " + ext})
			continue
		}
		b, err := fs.ReadFile(l.Files, path.Join(folder, e.Name()))
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", name, err))
			continue
		}
		list = append(list, File{Name: name, Content: b})
	}
	return list, errors.Join(errs...)
}

// override puts the workspace's parameters in place and keeps them as a file.
func (c *Catalogue) override(o Overrides, files map[string]File) error {
	if len(o.Values) == 0 {
		return nil
	}
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(o.Values)) {
		t, ok := c.tests[id]
		if !ok {
			errs = append(errs, o.atParameter(id, "", errors.New("no such test")))
			continue
		}
		changed, err := t.override(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		c.tests[id] = changed
	}
	b, err := canonical.Marshal(o.Values)
	if err != nil {
		errs = append(errs, fmt.Errorf("parameters: %w", err))
	}
	files[overridesName] = File{Name: overridesName, Content: b}
	return errors.Join(errs...)
}

// assign gives owners the organization's own names, and keeps them as a file.
func (c *Catalogue) assign(o Overrides, files map[string]File) error {
	owners := o.Owners
	if len(owners) == 0 {
		return nil
	}
	used := map[string]bool{}
	for id, x := range c.controls {
		if name, ok := owners[x.Owner]; ok {
			own := *x
			used[x.Owner], own.Owner = true, name
			c.controls[id] = &own
		}
	}
	var errs []error
	for _, owner := range slices.Sorted(maps.Keys(owners)) {
		if !used[owner] {
			errs = append(errs, o.at(fmt.Errorf("owners: no control is owned by %q", owner), "owners", owner))
		}
		if owners[owner] == "" {
			errs = append(errs, o.at(fmt.Errorf("owners: %q has no name", owner), "owners", owner))
		}
	}
	b, err := canonical.Marshal(owners)
	if err != nil {
		errs = append(errs, fmt.Errorf("owners: %w", err))
	}
	files[ownersName] = File{Name: ownersName, Content: b}
	return errors.Join(errs...)
}

// checkControls finds references of controls to what is not there.
func (c *Catalogue) checkControls() error {
	p := &problems{}
	for _, control := range c.Controls {
		p.doc = control.doc
		for i, a := range control.Aspects {
			for j, id := range a.Tests {
				at, t := fmt.Sprintf("$.aspects[%d].tests[%d]", i, j), c.tests[id]
				p.when(t == nil, at, "test %q of aspect %q is not in the catalogue", id, a.ID)
				p.when(t != nil && t.Purpose == PurposeIPE, at, "test %q of aspect %q has purpose ipe: it tests our own collection, so it cannot show anything of a control", id, a.ID)
			}
		}
		for i, t := range control.Targets {
			f := c.frameworks[t.Framework]
			if f == nil {
				p.add(fmt.Sprintf("$.targets[%d].framework", i), "framework %q is not in the catalogue", t.Framework)
				continue
			}
			_, ok := f.Requirement(t.ID)
			p.when(!ok, fmt.Sprintf("$.targets[%d].id", i), "%s has no requirement %q", t.Framework, t.ID)
		}
	}
	for _, t := range c.Tests {
		p.doc = t.doc
		for i, f := range t.Frameworks {
			p.when(c.frameworks[f] == nil, element("$.frameworks", i), "framework %q is not in the catalogue", f)
		}
	}
	return p.err()
}

// checkFrameworks looks for the frameworks that are judged when none is named.
func (c *Catalogue) checkFrameworks(o Overrides) error {
	var errs []error
	for _, id := range o.Frameworks {
		if _, err := c.framework(id); err != nil {
			errs = append(errs, o.at(fmt.Errorf("frameworks: %w", err), "frameworks"))
		}
	}
	return errors.Join(errs...)
}

// framework is Framework for what must be there.
func (c *Catalogue) framework(id FrameworkID) (*Framework, error) {
	if f, ok := c.frameworks[id]; ok {
		return f, nil
	}
	var ids []string
	for _, f := range c.Frameworks {
		ids = append(ids, string(f.ID))
	}
	return nil, fmt.Errorf("framework %q is not in the catalogue; there are %s", id, strings.Join(ids, ", "))
}

// Framework returns the framework that id names.
func (c *Catalogue) Framework(id FrameworkID) (*Framework, bool) {
	f, ok := c.frameworks[id]
	return f, ok
}

// Control returns the control that id names.
func (c *Catalogue) Control(id ControlID) (*Control, bool) {
	x, ok := c.controls[id]
	return x, ok
}

// Test returns the test that id names.
func (c *Catalogue) Test(id TestID) (*Test, bool) {
	t, ok := c.tests[id]
	return t, ok
}

// wafSec is the framework whose ids exceptions name as their control.
const wafSec FrameworkID = "waf-sec"

// KnownControls lists what an exception may name as its control, sorted: tests but those of information, controls, and
// requirements of WAF-SEC.
func (c *Catalogue) KnownControls() []string {
	var ids []string
	for _, t := range c.Tests {
		if t.Purpose == PurposeControl {
			ids = append(ids, string(t.ID))
		}
	}
	for _, x := range c.Controls {
		ids = append(ids, string(x.ID))
	}
	if f, ok := c.frameworks[wafSec]; ok {
		for _, r := range f.Requirements {
			ids = append(ids, string(r.ID))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Check compares the tests with the fact tables: each table needed exists and is read, no other is read, each statement prepares,
// and the deviations have the columns that they must have. All faults are reported, each with file and line.
func (c *Catalogue) Check(ctx context.Context, db Facts) error {
	tables, around := tableKinds(db), settingOf(c, "")
	found := make([]problems, len(c.Tests))
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), testsAtOnce))
	for i, t := range c.Tests {
		group.Go(func() error {
			p := &found[i]
			p.doc = t.doc
			for _, table := range t.Tables() {
				_, ok := tables[table]
				p.when(!ok, "$.needs."+table, "no fact file makes the table %q", table)
			}
			p.statements(ctx, db, t, around)
			return nil
		})
	}
	errs := []error{group.Wait()}
	for _, p := range found {
		errs = append(errs, p.err())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("check catalogue: %w", err)
	}
	return nil
}

// statements checks the two statements of a test.
func (p *problems) statements(ctx context.Context, db Facts, t *Test, around setting) {
	var read []string
	whole := true
	for _, s := range []struct{ at, sql string }{{"$.population", t.Population}, {"$.deviations", t.Deviations}} {
		checked, err := db.Check(ctx, s.sql, t.variablesFor(sampleWindow, around))
		if err != nil {
			p.add(s.at, "%s of %s: %v", s.at[2:], t.ID, err)
			whole = false
			continue
		}
		read = append(read, checked.Tables...)
		if s.at == "$.deviations" {
			var columns []string
			for _, c := range checked.Columns {
				columns = append(columns, c.Name)
			}
			p.when(!deviationShape(columns), s.at, "deviations of %s: got columns %v, want %v and optionally line", t.ID, columns, deviationColumns)
		}
	}
	for _, table := range read {
		_, ok := t.Needs[table]
		p.when(!ok && !slices.Contains(storeTables, table), "$.needs", "SQL of %s reads %q, which is not among its needs", t.ID, table)
	}
	for _, table := range t.Tables() {
		p.when(whole && !slices.Contains(read, table), "$.needs."+table, "SQL of %s does not read %q", t.ID, table)
	}
}

// deviationShape says whether columns are those of deviations, in order, with or without line.
func deviationShape(columns []string) bool {
	rest := slices.DeleteFunc(slices.Clone(columns), func(s string) bool { return s == "line" })
	return slices.Equal(rest, deviationColumns) && len(columns)-len(rest) <= 1
}
