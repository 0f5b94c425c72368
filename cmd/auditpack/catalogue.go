package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

func catalogueCommand() *cli.Command {
	return &cli.Command{
		Name:  "catalogue",
		Usage: "frameworks, controls and tests, and what reaches what",
		Description: "Reads what is shipped and, in a workspace, the own frameworks, controls and tests over it. No evidence is asked: what was found is in assess\n" +
			"and report.",
		Subcommands: []*cli.Command{
			listCatalogueCommand(), showCatalogueCommand(), crosswalkCommand(), lintCatalogueCommand(), manualTestsCommand(),
		},
	}
}

// library is the catalogue where no evidence plays a part: what is shipped, and a workspace's own files where there is one.
type library struct {
	workspace  *workspace.Workspace // nil where there is none
	shown      string               // its folder as it was named
	layers     []assessment.Layer
	overrides  assessment.Overrides
	catalogue  *assessment.Catalogue
	crosswalks []*assessment.Crosswalk
}

// findLibrary finds the layers of a library without reading them. A workspace that is named must be there; else the current folder
// is taken when it is one.
func findLibrary(c *cli.Context) (*library, error) {
	l := &library{shown: c.String("workspace"), layers: []assessment.Layer{{Name: "templates", Files: templates.Files}}}
	if _, err := os.Stat(filepath.Join(l.shown, workspace.FileName)); errors.Is(err, os.ErrNotExist) && !c.IsSet("workspace") {
		return l, nil
	}
	w, err := openWorkspace(c)
	if err != nil {
		return nil, err
	}
	l.workspace, l.layers, l.overrides = w, layersOf(os.DirFS(w.Dir)), overridesOf(w)
	return l, nil
}

// openLibrary reads a library.
func openLibrary(c *cli.Context) (*library, error) {
	l, err := findLibrary(c)
	if err != nil {
		return nil, err
	}
	if l.catalogue, err = assessment.LoadCatalogue(l.layers, l.overrides); err != nil {
		return nil, errors.New(ownPlaces(l.shown, err.Error())) // nobody decides by it
	}
	if l.crosswalks, err = assessment.LoadCrosswalks(l.layers, l.catalogue); err != nil {
		return nil, errors.New(ownPlaces(l.shown, err.Error()))
	}
	return l, nil
}

// framework returns the framework that an argument or flag names.
func (l *library) framework(id string) (*assessment.Framework, error) {
	return frameworkOf(l.catalogue, id)
}

// frameworkOf finds a framework; an id that the catalogue lacks is a usage error that names those there are.
func frameworkOf(c *assessment.Catalogue, id string) (*assessment.Framework, error) {
	if f, ok := c.Framework(assessment.FrameworkID(id)); ok {
		return f, nil
	}
	var ids []string
	for _, f := range c.Frameworks {
		ids = append(ids, string(f.ID))
	}
	return nil, usagef("unknown framework %q, want %s", id, strings.Join(ids, ", "))
}

// bearings names controls with their strength: "privileged-access, change-approval (supporting)".
func bearings(list []assessment.Bearing) string {
	var names []string
	for _, b := range list {
		name := string(b.Control.ID)
		if b.Strength != assessment.Primary {
			name = fmt.Sprintf("%s (%s)", name, b.Strength)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
