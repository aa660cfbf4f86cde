package main

import (
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
)

// docsFlags are those of docs generate.
type docsFlags struct {
	asItIs       bool
	emptyCatalog bool
	static       bool
}

func (a *app) dbtDocsCommand(f *dbtFlags) *cobra.Command {
	docs := &cobra.Command{
		Use:   "docs",
		Short: "Describe the project and its warehouse in JSON",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	own := &docsFlags{}
	generate := &cobra.Command{
		Use:   "generate",
		Short: "Write manifest.json and catalog.json",
		Long: `Writes manifest.json and catalog.json, which the documentation site of dbt and
other tools read. The site itself, index.html, is dbt's own and is not written.`,
		Args: noNodes("apotheca dbt docs generate"),
		RunE: a.dbtRun(f, "generate", func(ctx context.Context, i *invocation, _ []string) error { return i.generateDocs(ctx, own) }),
	}
	flags := generate.Flags()
	unset(flags, &own.asItIs, "compile", "compile the project first")
	flags.BoolVar(&own.emptyCatalog, "empty-catalog", false, "ask the database for nothing")
	flags.BoolVar(&own.static, "static", false, "")
	_ = flags.MarkHidden("static")
	docs.AddCommand(generate)
	docs.AddCommand(&cobra.Command{
		Use: "serve", Hidden: true, Args: cobra.ArbitraryArgs, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return usagef("docs serve is not supported: the documentation site is dbt's own").
				hint("apotheca dbt docs generate writes the manifest.json and catalog.json that it shows")
		},
	})
	return docs
}

func (i *invocation) generateDocs(ctx context.Context, f *docsFlags) error {
	if f.static {
		return usagef("docs generate --static is not supported: the page it writes is dbt's own").
			hint("without --static it writes manifest.json and catalog.json")
	}
	if err := i.load(); err != nil {
		return err
	}
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
	if !f.asItIs {
		o.Command = build.Compile
		if _, err := build.Run(ctx, o); err != nil {
			return notCompiled(err)
		}
	} else if err := i.writeArtifact("manifest.json", func(w io.Writer) error { return i.project.WriteManifest(w, nil) }); err != nil {
		return err
	}
	i.console.Tell(build.Line{Name: "BuildingCatalog", Text: "Building catalog", Data: map[string]any{}})
	if err := build.WriteCatalog(ctx, o, !f.emptyCatalog); err != nil {
		return err
	}
	path, err := filepath.Abs(filepath.Join(i.targetDir(), "catalog.json"))
	i.console.Tell(build.Line{Name: "CatalogWritten", Text: "Catalog written to " + path, Data: map[string]any{"path": path}})
	return err
}
