package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// Exit statuses; changing one is a breaking change. The README has the same table.
const (
	statusDone        = 0
	statusError       = 1
	statusUsage       = 2
	statusDeviations  = 3
	statusVerify      = 4
	statusInterrupted = 130
)

const exitStatusHelp = `
EXIT STATUS:
   0    done
   1    error (collect: a source failed)
   2    usage
   3    deviations or overdue, from assess, status and exceptions lint alone
   4    does not verify, from verify, evidence fsck and journal verify
   130  interrupted
`

var (
	errUsage       = errors.New("usage")
	errDeviations  = errors.New("deviations were found")
	errOverdue     = errors.New("something is overdue")
	errVerify      = errors.New("does not verify")
	errInterrupted = errors.New("interrupted")
)

// usagef returns a usage error; its text is all that people see.
func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }
func (e *usageError) Unwrap() error { return errUsage }

func onUsageError(c *cli.Context, err error, _ bool) error {
	return usagef("%v; see %s --help", err, strings.TrimSpace("auditpack "+commandName(c)))
}

// commandName is the command as it is typed after the program's name: "journal verify"; empty for the program itself.
func commandName(c *cli.Context) string {
	if c == nil || c.Command == nil || c.Command.Name == c.App.Name {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(c.Command.HelpName, c.App.Name))
}

// unverifiedError is what people see of something that does not verify; it is an errVerify.
type unverifiedError struct{ error }

func (e unverifiedError) Unwrap() []error { return []error{errVerify, e.error} }

// unverified returns an error that ends the program with statusVerify.
func unverified(format string, args ...any) error {
	return unverifiedError{fmt.Errorf(format, args...)}
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errInterrupted):
		return statusInterrupted
	case errors.Is(err, errUsage):
		return statusUsage
	case errors.Is(err, errVerify):
		return statusVerify
	case errors.Is(err, errDeviations), errors.Is(err, errOverdue):
		return statusDeviations
	default:
		return statusError
	}
}

// errorLines is what people see of err.
func errorLines(err error) []string {
	if errors.Is(err, errInterrupted) {
		return []string{"interrupted; what was committed is kept, the same command goes on from there"}
	}
	return strings.Split(strings.TrimSpace(err.Error()), "\n")
}

// version is the module's version where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "0.1.0"
	}
	return v
}

func toolName() string { return "auditpack/" + version() }
