package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

func (a *app) dbtOperationCommand(f *dbtFlags) *cobra.Command {
	arguments := ""
	cmd := &cobra.Command{
		Use:   "run-operation MACRO",
		Short: "Call a macro of the project",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("run-operation takes the name of one macro, not %d arguments", len(args)).
					hint("apotheca dbt run-operation grant_select --args '{role: reporter}'")
			}
			return nil
		},
		RunE: a.dbtRun(f, "run-operation", func(ctx context.Context, i *invocation, args []string) error {
			return i.operation(ctx, args[0], arguments)
		}),
	}
	cmd.Flags().StringVar(&arguments, "args", "{}", "the macro's arguments by name, as `YAML` or JSON")
	return cmd
}

func (i *invocation) operation(ctx context.Context, macro, arguments string) error {
	named, err := dbt.ParseVars(arguments)
	if err != nil {
		return usagef("--args %q is not a YAML dictionary", arguments).hint("--args '{role: reporter}'")
	}
	if err := i.load(); err != nil {
		return err
	}
	if _, ok := i.project.FindMacro(macro); !ok {
		return usagef("dbt could not find a macro with the name '%s' in any package", macro).
			hint("check for typos and install packages with apotheca dbt deps")
	}
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	o := i.options(w, nil)
	o.Args["macro"], o.Args["args"] = macro, named
	given, _ := jinja.FromGo(named).(*jinja.Dict)
	results, err := build.Operation(ctx, o, macro, given)
	if err != nil {
		return err
	}
	if results.Failed() {
		message := results.All[0].Message
		i.console.Tell(build.Line{
			Name: "RunningOperationCaughtError", Level: build.LevelError,
			Text: fmt.Sprintf("Encountered an error while running operation: %s", message), Data: map[string]any{"exc": message},
		})
		return errFailed
	}
	return nil
}
