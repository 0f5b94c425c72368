package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors/all"
)

func schemaCommand() *cli.Command {
	return &cli.Command{
		Name:        "schema",
		Usage:       "print the JSON Schema of auditpack.yaml, for editors",
		Description: "Editors complete and check auditpack.yaml with it:\n   auditpack schema > auditpack.schema.json\nand in the first line of auditpack.yaml:\n   # yaml-language-server: $schema=auditpack.schema.json",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("schema takes no argument, got %q", c.Args().First())
			}
			b, err := workspace.Schema(all.Types())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.App.Writer, string(b))
			return err
		},
	}
}
