// Command auditpack collects audit evidence, judges it, and writes reports and sealed bundles. This package is the command
// line and nothing else: one file for each command, no logic of the field.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program; it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once: nothing half written counts as evidence
	app := newApp(stdin, stdout, stderr)
	err := app.RunContext(ctx, reorder(app, args))
	if err != nil && ctx.Err() != nil {
		err = errors.Join(errInterrupted, err)
	}
	report(stderr, err)
	return exitCode(err)
}

// report tells people what went wrong, each line with the program's name in front.
func report(w io.Writer, err error) {
	if err == nil || err == errDeviations || err == errOverdue { // the result that was printed says it, and better
		return
	}
	for _, line := range errorLines(err) {
		fmt.Fprintln(w, "auditpack: "+line)
	}
}

// newApp builds the command line. It has no state of its own, so that tests can run several at once.
func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:                      "auditpack",
		Usage:                     "collect audit evidence and write audit packs that auditors check offline",
		Version:                   version(),
		Reader:                    stdin,
		Writer:                    stdout,
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // run alone decides the exit status
		DisableSliceFlagSeparator: true,                         // a comma is part of a value; lists are split where they are read
		OnUsageError:              onUsageError,
		Action:                    unknownCommand, // an unknown command reaches it, too
		Flags:                     globalFlags(),
		HideHelpCommand:           true,
		Commands: []*cli.Command{
			initCommand(), schemaCommand(),
			collectCommand(), statusCommand(), evidenceCommand(), journalCommand(), queryCommand(), vaultCommand(),
			assessCommand(), todoCommand(), sampleCommand(), reportCommand(), reviewCommand(), exceptionsCommand(), catalogueCommand(),
			compareCommand(), explainCommand(),
			retentionCommand(), redactionCommand(), keyCommand(), bundleCommand(), verifyCommand(),
		},
		CustomAppHelpTemplate: cli.AppHelpTemplate + exitStatusHelp,
	}
	prepare(app.Commands)
	return app
}

// prepare gives every command the handlers that the library keeps per command.
func prepare(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		c.CustomHelpTemplate = cli.CommandHelpTemplate + exitStatusHelp
		if len(c.Subcommands) > 0 {
			c.Action = unknownCommand
			c.HideHelpCommand = true
			c.CustomHelpTemplate = cli.SubcommandHelpTemplate + exitStatusHelp
			prepare(c.Subcommands)
		}
	}
}

func unknownCommand(c *cli.Context) error {
	if c.Args().Len() == 0 {
		if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
			return usagef("%s: name one of its commands; see auditpack %s --help", commandName(c), commandName(c))
		}
		c.App.Writer = c.App.ErrWriter // stdout is for results
		if err := cli.ShowAppHelp(c); err != nil {
			return err
		}
		return usagef("name a command")
	}
	return usagef("unknown command %q; see auditpack --help", c.Args().First())
}
