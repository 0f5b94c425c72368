package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors/all"
	"auditpack/collectors/responsibility"
	"auditpack/reports/assessment"
)

func schemaCommand() *cli.Command {
	return &cli.Command{
		Name:      "schema",
		Usage:     "print the JSON Schema of auditpack.yaml or of another file of the workspace, for editors",
		ArgsUsage: "[" + strings.Join(schemaNames(), " | ") + "]",
		Description: "Editors complete and check auditpack.yaml with it:\n   auditpack schema > auditpack.schema.json\nand in the first line of auditpack.yaml:\n" +
			"   # yaml-language-server: $schema=auditpack.schema.json\nThe files that people keep beside it have schemas too: auditpack schema subservice-organisation.",
		Action: func(c *cli.Context) error {
			if c.Args().Len() > 1 {
				return usagef("schema takes one name, got %d", c.Args().Len())
			}
			b, err := schemaOf(c.Args().First())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.App.Writer, string(b))
			return err
		},
	}
}

// schemaNames are the files besides auditpack.yaml whose schemas are printed.
func schemaNames() []string {
	return append(slices.Clone(assessment.InputSchemas), "responsibility", "raci")
}

func schemaOf(name string) ([]byte, error) {
	switch {
	case name == "":
		return workspace.Schema(all.Types())
	case name == "responsibility":
		return responsibility.MatrixSchema(), nil
	case name == "raci":
		return responsibility.RACISchema(), nil
	case slices.Contains(assessment.InputSchemas, name):
		return assessment.InputSchema(name)
	}
	return nil, usagef("no schema %q: want one of %s, or none for %s", name, strings.Join(schemaNames(), ", "), workspace.FileName)
}
