package main

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestReorder(t *testing.T) {
	app := &cli.App{
		Flags: globalFlags(),
		Commands: []*cli.Command{
			{Name: "verify", Flags: []cli.Flag{&cli.StringFlag{Name: "key"}, &cli.BoolFlag{Name: "force"}}},
			{Name: "evidence", Subcommands: []*cli.Command{{Name: "cat"}, {Name: "list", Flags: []cli.Flag{&cli.StringFlag{Name: "source"}}}}},
		},
	}
	tests := []struct{ name, in, want string }{
		{"as the library wants it", "--json verify --key k -- f.zip", "--json verify --key k -- f.zip"},
		{"flags after the argument", "verify f.zip --key k --force", "verify --key k --force -- f.zip"},
		{"flag with equals sign", "verify f.zip --key=k", "verify --key=k -- f.zip"},
		{"global flag last", "verify f.zip -w dir --json", "-w dir --json verify -- f.zip"},
		{"value that looks like a command", "verify --key verify f.zip", "verify --key verify -- f.zip"},
		{"argument that looks like a command", "verify verify", "verify -- verify"},
		{"subcommand", "evidence list --source s --json", "--json evidence list --source s"},
		{"global flag between", "evidence -w dir cat abc", "-w dir evidence cat -- abc"},
		{"double dash", "verify --key k -- --json", "verify --key k -- --json"},
		{"lone dash is an argument", "verify -", "verify -- -"},
		{"unknown flag stays with the command", "verify f.zip --nope", "verify --nope -- f.zip"},
		{"value missing at the end", "verify f.zip --key", "verify --key"},
		{"global value missing at the end", "verify f.zip --json -w", "--json -w"},
		{"unknown command", "nope --json", "--json nope"},
		{"help of a command", "verify --help", "verify --help"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := reorder(app, append([]string{"auditpack"}, strings.Fields(tt.in)...))
			if strings.Join(got[1:], " ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got[1:], " "), tt.want)
			}
		})
	}
}
