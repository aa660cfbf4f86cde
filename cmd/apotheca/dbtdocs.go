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
other tools read; docs serve shows them. index.html, which dbt writes too, is its own.`,
		Args: noNodes,
		RunE: a.dbtRun(f, "generate", func(ctx context.Context, i *invocation, _ []string) error { return i.generateDocs(ctx, own) }),
	}
	flags := generate.Flags()
	unset(flags, &own.asItIs, "compile", "compile the project first")
	flags.BoolVar(&own.emptyCatalog, "empty-catalog", false, "ask the database for nothing")
	refuse(flags, "static", "the page it writes is dbt's own; without it manifest.json and catalog.json are written")
	docs.AddCommand(generate)
	docs.AddCommand(a.dbtServeCommand(f))
	return docs
}

func (i *invocation) generateDocs(ctx context.Context, f *docsFlags) error {
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
	if err := i.writeArtifact("semantic_manifest.json", i.project.WriteSemanticManifest); err != nil {
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
