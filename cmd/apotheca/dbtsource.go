package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

func (a *app) dbtSourceCommand(f *dbtFlags) *cobra.Command {
	source := &cobra.Command{
		Use:   "source",
		Short: "Ask the sources how old they are",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	output := ""
	freshness := &cobra.Command{
		Use:     "freshness",
		Aliases: []string{"snapshot-freshness"},
		Short:   "Compare the newest row of each source with how old it may be",
		Args:    noNodes,
		RunE:    a.dbtRun(f, "freshness", func(ctx context.Context, i *invocation, _ []string) error { return i.freshness(ctx, output) }),
	}
	freshness.Flags().StringVarP(&output, "output", "o", "", "`file` to write instead of target/sources.json")
	source.AddCommand(freshness)
	return source
}

func (i *invocation) freshness(ctx context.Context, output string) error {
	if err := i.load(); err != nil {
		return err
	}
	i.types = []string{string(dbt.SourceResource)}
	ids, err := i.selectNodes()
	if err != nil {
		return err
	}
	w, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	o := i.options(w, ids)
	if output != "" {
		if err := i.warn(dbt.Problem{
			Event: "CustomOutputPathInSourceFreshnessDeprecation", Data: map[string]any{"path": output},
			Message: fmt.Sprintf("Custom output path usage `--output %s` usage detected in `dbt source freshness` command.", output),
		}); err != nil {
			return err
		}
		o.TargetDir, o.SourcesName = filepath.Dir(output), filepath.Base(output)
		if err := os.MkdirAll(o.TargetDir, 0o755); err != nil {
			return err
		}
	}
	results, err := build.CheckFreshness(ctx, o)
	if err != nil {
		return err
	}
	if results.Failed() {
		return errFailed
	}
	return nil
}
