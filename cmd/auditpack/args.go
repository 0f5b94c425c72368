package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves flags to where the library looks for them, so that people can write them anywhere: global flags before or
// after the command, a command's flags before or after its arguments. What it does not know stays with the command, whose
// parser then names it. Everything after "--" is an argument.
func reorder(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	commands := app.Commands
	// help and version are the library's own; both mean the same wherever they stand.
	flags := slices.Concat(app.Flags, []cli.Flag{cli.HelpFlag})
	var global, path, local, rest []string
	var command *cli.Command
	tokens := args[1:]
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t == "--":
			rest = append(rest, tokens[i+1:]...)
			i = len(tokens)
		case strings.HasPrefix(t, "-") && t != "-":
			name, _, inline := strings.Cut(strings.TrimLeft(t, "-"), "=")
			into := &local
			f := find(commandFlags(command), name)
			if f == nil {
				if f = find(flags, name); f != nil && !slices.Contains([]string{"help", "h"}, name) {
					into = &global
				}
			}
			if command == nil {
				into = &global
			}
			*into = append(*into, t)
			if f != nil && !inline && takesValue(f) {
				if i++; i == len(tokens) { // nothing may follow, or the library takes it for the value
					if into == &global {
						return slices.Concat(args[:1], global)
					}
					return slices.Concat(args[:1], global, path, local)
				}
				*into = append(*into, tokens[i])
			}
		default:
			if c := findCommand(commands, t); c != nil && len(rest) == 0 {
				path, command, commands = append(path, t), c, c.Subcommands
				continue
			}
			rest = append(rest, t)
		}
	}
	out := slices.Concat(args[:1], global, path, local)
	if len(rest) > 0 {
		if command != nil && len(command.Subcommands) == 0 {
			out = append(out, "--")
		}
		out = append(out, rest...)
	}
	return out
}

func commandFlags(c *cli.Command) []cli.Flag {
	if c == nil {
		return nil
	}
	return c.Flags
}

func find(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func findCommand(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// refuseArguments is for commands that take flags alone.
func refuseArguments(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("%s takes no argument, got %q", commandName(c), c.Args().First())
	}
	return nil
}
