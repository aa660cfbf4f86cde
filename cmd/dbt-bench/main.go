// Dbt-bench times Apotheca's dbt commands beside real dbt, on the same machine
// in one run, and prints one Markdown table.
//
//	dbt-bench --apotheca bin/apotheca --dbt …/bin/dbt --models 100,1000,10000
//
// scripts/bench-dbt builds and installs what it needs and calls it.
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
	"strconv"
	"strings"

	"apotheca/internal/timing"
)

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	apotheca, dbt, project, models string
	repeat                         int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	set := flag.NewFlagSet("dbt-bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.apotheca, "apotheca", "bin/apotheca", "the `program` to measure")
	set.StringVar(&f.dbt, "dbt", "dbt", "the `program` to measure beside it")
	set.StringVar(&f.models, "models", "100,1000,10000", "sizes of made-up projects")
	set.StringVar(&f.project, "project", "projects/clinical_trials", "`folder` of the project to build; empty for none")
	set.IntVar(&f.repeat, "repeat", 3, "runs of each command, of which the best counts; of 10,000 models and more one")
	if err := set.Parse(args); err != nil || set.NArg() > 0 {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "hint: dbt-bench -help lists the flags")
		}
		return exitUsage
	}
	dir, err := os.MkdirTemp("", "dbt-bench-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = f.measure(ctx, dir, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return exitFailed
	}
	return exitOK
}

func (f flags) measure(ctx context.Context, dir string, stdout, stderr io.Writer) error {
	b := &bench{dir: dir, progress: stderr, repeat: f.repeat}
	for _, program := range []struct {
		to   *string
		name string
	}{{&b.apotheca, f.apotheca}, {&b.dbt, f.dbt}} {
		path, err := lookPath(program.name)
		if err != nil {
			return err
		}
		*program.to = path
	}
	fmt.Fprintln(stdout, "| command | models | Apotheca | dbt | times faster | Apotheca, peak memory | dbt, peak memory |")
	fmt.Fprintln(stdout, "|---|---:|---:|---:|---:|---:|---:|")
	b.row = func(r row) { fmt.Fprintln(stdout, r) }
	if err := b.startUp(ctx); err != nil {
		return err
	}
	for size := range strings.SplitSeq(f.models, ",") {
		models, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || models < 10 {
			return fmt.Errorf("--models %q: %q is no number of models (10 or more)", f.models, size)
		}
		if err := b.madeUp(ctx, models); err != nil {
			return err
		}
	}
	if f.project == "" {
		return nil
	}
	return b.build(ctx, f.project)
}

// row is one line of the table.
type row struct {
	command      string
	models       int
	ours, theirs timing.Sample
}

func (r row) String() string {
	models := ""
	if r.models > 0 {
		models = strconv.Itoa(r.models)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.1f | %d MB | %d MB |", r.command, models, r.ours.Text(), r.theirs.Text(),
		r.theirs.Wall.Seconds()/r.ours.Wall.Seconds(), r.ours.Peak>>20, r.theirs.Peak>>20)
}

// lookPath is a program as an absolute path: commands run in other folders.
func lookPath(name string) (string, error) {
	if !strings.ContainsRune(name, filepath.Separator) {
		return findOnPath(name)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}
