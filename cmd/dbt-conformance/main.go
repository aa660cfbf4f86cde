// Dbt-conformance runs public dbt projects under real dbt and under Apotheca,
// compares everything that either leaves, and writes what it found.
//
//	dbt-conformance --sources DIR [target …]
//	dbt-conformance --project DIR --adapter duckdb
//	dbt-conformance --render
//
// Without names every target of the list is run. The results of earlier runs
// are kept in a JSON file, from which the document is written anew each time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"apotheca/internal/conformance"
)

const (
	exitOK        = 0
	exitDifferent = 1 // a difference has no reason
	exitUsage     = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	targets, sources, work, schemas string
	dbt, apotheca                   string
	results, document               string
	project, packages, adapter      string
	vars, postgres                  string
	reuse, render                   bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, names, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	unexplained := 0
	if err == nil {
		unexplained, err = compare(ctx, f, names, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\n", err)
		return exitUsage
	}
	if unexplained > 0 {
		return exitDifferent
	}
	return exitOK
}

func parse(args []string, stderr io.Writer) (flags, []string, error) {
	var f flags
	set := flag.NewFlagSet("dbt-conformance", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.targets, "targets", "cmd/dbt-conformance/targets.yml", "list of `targets`")
	set.StringVar(&f.sources, "sources", "", "`folder` of public repositories, as owner/name")
	set.StringVar(&f.project, "project", "", "run this one `folder` of a project instead of the list")
	set.StringVar(&f.packages, "packages", "", "`folder` of the packages of --project")
	set.StringVar(&f.vars, "vars", "", "variables for --project, as `YAML`")
	set.StringVar(&f.adapter, "adapter", "", "only this `adapter`: duckdb or postgres")
	set.StringVar(&f.postgres, "postgres", "", "`URL` of a PostgreSQL server to make databases on (default: one is started)")
	set.StringVar(&f.work, "work", filepath.Join(os.TempDir(), "dbt-conformance"), "`folder` to run in")
	set.StringVar(&f.schemas, "schemas", "../shared/data/dbt-schemas", "`folder` of the published JSON schemas")
	set.StringVar(&f.dbt, "dbt", "dbt", "real dbt's `command`")
	set.StringVar(&f.apotheca, "apotheca", "bin/apotheca dbt", "our `command`")
	set.StringVar(&f.results, "results", "docs/dbt-conformance.json", "`file` of all results")
	set.StringVar(&f.document, "document", "docs/dbt-conformance.md", "`file` of the document")
	set.BoolVar(&f.reuse, "reuse", false, "take what real dbt left the last time, where nothing has changed")
	set.BoolVar(&f.render, "render", false, "run nothing: write the document anew from the results, with the reasons of now")
	err := set.Parse(args)
	return f, set.Args(), err
}

func compare(ctx context.Context, f flags, names []string, stdout, stderr io.Writer) (int, error) {
	if f.render {
		list, err := conformance.ReadTargets(f.targets)
		if err != nil {
			return 0, err
		}
		return 0, conformance.Render(f.results, f.document, list)
	}
	targets, order, err := chosen(f, names)
	if err != nil {
		return 0, err
	}
	o, err := f.options(stderr)
	if err != nil {
		return 0, err
	}
	unexplained := 0
	for _, t := range targets {
		for _, adapter := range t.Adapters {
			if f.adapter != "" && f.adapter != adapter {
				continue
			}
			report, err := compareOne(ctx, f, t, adapter, o)
			if err != nil {
				return 0, err
			}
			conformance.Print(stdout, report)
			unexplained += report.Unexplained()
			if f.project == "" {
				if err := keep(f, order, report); err != nil {
					return 0, err
				}
			}
		}
	}
	return unexplained, nil
}

func compareOne(ctx context.Context, f flags, t conformance.Target, adapter string, o conformance.Options) (*conformance.Report, error) {
	switch adapter {
	case "duckdb":
		return conformance.Run(ctx, t, adapter, &duckDB{}, o)
	case "postgres":
		p, stop, err := newPostgreSQL(ctx, f.postgres, t.Name)
		if err != nil {
			return nil, err
		}
		defer stop()
		return conformance.Run(ctx, t, adapter, p, o)
	}
	return nil, fmt.Errorf("target %s: no adapter is named %q", t.Name, adapter)
}

// keep puts a report among the others and writes the document anew.
func keep(f flags, order []string, report *conformance.Report) error {
	all, err := conformance.Merge(f.results, order, report)
	if err != nil {
		return err
	}
	return conformance.WriteDocument(f.document, all)
}

// chosen are the targets that the flags and names mean, and the names of all
// there are, in their order.
func chosen(f flags, names []string) ([]conformance.Target, []string, error) {
	if f.project != "" {
		one, err := single(f)
		return one, nil, err
	}
	list, err := conformance.ReadTargets(f.targets)
	if err != nil {
		return nil, nil, err
	}
	var order []string
	for _, t := range list.Targets {
		order = append(order, t.Name)
	}
	if len(names) == 0 {
		return list.Targets, order, nil
	}
	var some []conformance.Target
	for _, name := range names {
		at := slices.Index(order, name)
		if at < 0 {
			return nil, nil, fmt.Errorf("no target is named %q in %s", name, f.targets)
		}
		some = append(some, list.Targets[at])
	}
	return some, order, nil
}

// single is the target that --project describes.
func single(f flags) ([]conformance.Target, error) {
	folder, err := filepath.Abs(f.project)
	if err != nil {
		return nil, fmt.Errorf("find project: %w", err)
	}
	t := conformance.Target{Name: filepath.Base(folder), Repository: folder, Vars: f.vars, Packages: map[string]string{}}
	if f.adapter != "" {
		t.Adapters = []string{f.adapter}
	}
	if f.packages != "" {
		entries, err := os.ReadDir(f.packages)
		if err != nil {
			return nil, fmt.Errorf("list packages: %w", err)
		}
		for _, entry := range entries {
			if t.Packages[entry.Name()], err = filepath.Abs(filepath.Join(f.packages, entry.Name())); err != nil {
				return nil, fmt.Errorf("find package: %w", err)
			}
		}
	}
	t.Default()
	return []conformance.Target{t}, nil
}

func (f flags) options(stderr io.Writer) (conformance.Options, error) {
	o := conformance.Options{
		Schemas: f.schemas, Files: filepath.Dir(f.targets), Reuse: f.reuse, Log: stderr,
		Dbt: strings.Fields(f.dbt), Apotheca: strings.Fields(f.apotheca), Env: inherited(),
	}
	var err error
	if o.Work, err = filepath.Abs(f.work); err != nil {
		return o, fmt.Errorf("find work folder: %w", err)
	}
	if o.Sources, err = filepath.Abs(f.sources); err != nil {
		return o, fmt.Errorf("find sources: %w", err)
	}
	for _, command := range [][]string{o.Dbt, o.Apotheca} {
		if strings.ContainsRune(command[0], filepath.Separator) {
			if command[0], err = filepath.Abs(command[0]); err != nil {
				return o, fmt.Errorf("find %s: %w", command[0], err)
			}
		}
	}
	return o, nil
}

// inherited is the environment without what would change how dbt behaves.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DBT_") || strings.HasPrefix(variable, "APOTHECA_")
	})
}
