package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a commented workspace that collects and reports at once",
		ArgsUsage: "DIR",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "write over what is there"}},
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 {
				return usagef("init takes the folder to make, got %d arguments", c.Args().Len())
			}
			dir := c.Args().First()
			files, err := workspace.Init(dir, now(), c.Bool("force"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return outputOf(c).object(struct {
					Dir   string   `json:"dir"`
					Files []string `json:"files"`
				}{dir, files})
			}
			for _, f := range files {
				fmt.Fprintln(c.App.Writer, filepath.Join(dir, f))
			}
			note(c, "next: auditpack -w %s collect, then auditpack -w %s report --format pdf,xlsx --out out", dir, dir)
			return nil
		},
	}
}
