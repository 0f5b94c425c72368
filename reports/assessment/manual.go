package assessment

import (
	"errors"
	"strings"

	"auditpack/evidence"
)

// manualFile holds manual tests as their file states them.
type manualFile struct {
	ManualTests []manualEntry `yaml:"manual_tests"`
}

type manualEntry struct {
	Control    ControlID `yaml:"control"`
	Aspect     string    `yaml:"aspect"`
	Procedure  string    `yaml:"procedure"`
	Documents  []string  `yaml:"documents"`
	Performer  string    `yaml:"performer"`
	Reviewer   string    `yaml:"reviewer"`
	Conclusion string    `yaml:"conclusion"`
	Notes      string    `yaml:"notes"`
	Date       string    `yaml:"date"`
	Expires    string    `yaml:"expires"`
	Covers     *struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	} `yaml:"covers"`
}

// readManualTests reads the manual tests of all files, in order. An aspect may be tested again on another day; the same aspect on
// the same day twice is an error.
func readManualTests(files []File, c *Catalogue) ([]ManualTest, error) {
	var list []ManualTest
	var errs []error
	type key struct {
		control      ControlID
		aspect, date string
	}
	first := map[key]ManualTest{}
	for _, f := range files {
		var m manualFile
		doc, err := readYAML(f, &m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &problems{doc: doc}
		p.when(len(m.ManualTests) == 0, "$", "file has no manual_tests")
		for i, e := range m.ManualTests {
			at := element("$.manual_tests", i)
			p.manualEntry(at, c, e)
			t := e.test(f.Name, doc.line("%s", at))
			k := key{e.Control, e.Aspect, e.Date}
			if before, ok := first[k]; ok {
				p.add(at, "aspect %q of control %q was already tested on %s in %s, line %d", e.Aspect, e.Control, e.Date, before.File, before.Line)
				continue
			}
			first[k] = t
			list = append(list, t)
		}
		errs = append(errs, p.err())
	}
	return list, errors.Join(errs...)
}

func (e manualEntry) test(file string, line int) ManualTest {
	t := ManualTest{
		Control: e.Control, Aspect: e.Aspect, Procedure: e.Procedure, Documents: append([]string{}, e.Documents...),
		Performer: e.Performer, Reviewer: e.Reviewer, Conclusion: e.Conclusion, Notes: e.Notes, Date: e.Date, Expires: e.Expires,
		Evidence: []evidence.Digest{}, Missing: []string{}, File: file, Line: line,
	}
	if e.Covers != nil {
		t.From, t.To = e.Covers.From, e.Covers.To
	}
	return t
}

func (p *problems) manualEntry(at string, c *Catalogue, e manualEntry) {
	control, ok := c.Control(e.Control)
	p.when(!ok, at, "control %q is not in the catalogue", e.Control)
	if ok {
		found, manual := false, false
		for _, a := range control.Aspects {
			if a.ID == e.Aspect {
				found, manual = true, a.Manual
			}
		}
		p.when(!found, at, "control %q has no aspect %q", e.Control, e.Aspect)
		p.when(found && !manual, at, "aspect %q of control %q is shown by tests, not by a manual test", e.Aspect, e.Control)
	}
	for _, f := range []struct{ name, value string }{
		{"procedure", e.Procedure}, {"performer", e.Performer}, {"reviewer", e.Reviewer},
	} {
		p.when(strings.TrimSpace(f.value) == "", at, "%s is not set", f.name)
	}
	p.when(e.Conclusion != string(TestNoDeviations) && e.Conclusion != string(TestDeviations), at,
		"conclusion %q: want no-deviations or deviations", e.Conclusion)
	p.date(at+".date", "date", e.Date)
	p.date(at+".expires", "expires", e.Expires)
	p.when(e.Expires != "" && e.Date != "" && e.Expires < e.Date, at+".expires", "expires %s lies before date %s", e.Expires, e.Date)
	if e.Covers != nil {
		p.date(at+".covers.from", "covers.from", e.Covers.From)
		p.date(at+".covers.to", "covers.to", e.Covers.To)
		p.when(e.Covers.From >= e.Covers.To, at+".covers", "covers starts on %s, not before its end %s, which no longer belongs to it", e.Covers.From, e.Covers.To)
		p.when(e.Covers.To > dayAfter(e.Date), at+".covers.to", "covers reaches beyond %s, the day of the test", e.Date)
	}
}
