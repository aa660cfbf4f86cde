package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"apotheca/internal/dbt"
)

// isDBT reports that the program was called by its second name. Under it tools
// that call dbt find what they look for: its commands at the top, its version,
// its errors, on the stream where dbt has them.
func isDBT(program string) bool {
	return strings.TrimSuffix(filepath.Base(program), ".exe") == "dbt"
}

// runDBT is the program under its second name.
func runDBT(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	a := newApp(stdout, stderr)
	a.asDBT = true
	return a.run(ctx, args)
}

// dbtRoot has dbt's commands at the top.
func (a *app) dbtRoot() *cobra.Command {
	root := a.dbtCommand()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagErrorOfDBT)
	return root
}

// usageOf is a mistake in how a command was called.
func usageOf(cmd *cobra.Command, format string, args ...any) *userError {
	err := usagef(format, args...)
	err.command = cmd
	return err
}

// flagErrorOfDBT words what is wrong with an option as dbt does.
func flagErrorOfDBT(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var incomplete *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	spelled := func(name, shorthands string) string {
		if shorthands != "" {
			return "-" + name
		}
		return "--" + name
	}
	switch {
	case errors.As(err, &missing):
		return usageOf(cmd, "No such option '%s'.", spelled(missing.GetSpecifiedName(), missing.GetSpecifiedShortnames()))
	case errors.As(err, &incomplete):
		return usageOf(cmd, "Option '--%s' requires an argument.", incomplete.GetFlag().Name)
	case errors.As(err, &wrong):
		return usageOf(cmd, "Invalid value for '--%s': %v.", wrong.GetFlag().Name, wrong.Unwrap())
	}
	return usageOf(cmd, "%v", err)
}

// printVersion answers --version in the form of dbt's.
func (a *app) printVersion() {
	fmt.Fprintf(a.stdout, `Core:
  - installed: %[1]s
  - latest:    %[1]s - Up to date!

Plugins:
  - duckdb:   %[2]s - Up to date!
  - postgres: %[2]s - Up to date!

`, dbt.Version, version)
}

// exitAsDBT prints an error as dbt does. What a user typed wrong goes to
// stderr, every other error is a line of the log.
func (a *app) exitAsDBT(ctx context.Context, err error) int {
	var u *userError
	var told toldError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.As(err, &told):
	case errors.As(err, &u) && u.cause == nil:
		usage := "dbt"
		if u.command != nil {
			usage = u.command.CommandPath()
		}
		arguments := " [OPTIONS]"
		if usage == "dbt" {
			arguments += " [COMMAND] [ARGS]..."
		}
		fmt.Fprintf(a.stderr, "Usage: %[1]s%[2]s\nTry '%[1]s --help' for help.\n\nError: %[3]v\n", usage, arguments, err)
	default:
		fmt.Fprintf(a.stdout, "%s  Encountered an error:\n%v\n", a.now().UTC().Format("15:04:05"), err)
	}
	if advice := hintOf(err); advice != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", advice)
	}
	return exitUsage
}
