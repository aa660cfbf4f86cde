package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"apotheca/internal/dbt/dbttest"
	"apotheca/internal/timing"
)

// large is from how many models on a command is run once only.
const large = 10_000

// bench runs both programs and hands on a row for every command.
type bench struct {
	apotheca, dbt string
	dir           string
	repeat        int
	row           func(row)
	progress      io.Writer
}

// command is one command of both programs.
type command struct {
	name         string
	dir          string
	models       int
	ours, theirs []string
	// before, if set, comes before every run and is not timed.
	before func(program string) error
	env    func(program string) []string
}

func (b *bench) startUp(ctx context.Context) error {
	return b.time(ctx, command{name: "`--version`", dir: b.dir, ours: []string{"--version"}, theirs: []string{"--version"}})
}

// madeUp measures a project of so many models. Both programs read the same
// files and keep their artifacts apart.
func (b *bench) madeUp(ctx context.Context, models int) error {
	dir := filepath.Join(b.dir, fmt.Sprint(models))
	if err := dbttest.Write(dir, models); err != nil {
		return fmt.Errorf("make a project of %d models up: %w", models, err)
	}
	both := func(name string, theirs []string, args ...string) command {
		return command{
			name: name, dir: dir, models: models,
			ours:   append([]string{"dbt", "--target-path", "target-apotheca"}, args...),
			theirs: append(append([]string{"--no-version-check", "--quiet"}, args...), append(theirs, "--target-path", "target-dbt")...),
		}
	}
	one := "mart_00001"
	recompile := both("`compile` of one model just edited", nil, "compile", "--select", one)
	edits := 0
	recompile.before = func(string) error {
		edits++
		return appendLine(filepath.Join(dir, "models", "marts", "g00", one+".sql"), fmt.Sprintf("-- edit %d", edits))
	}
	for _, c := range []command{
		both("`parse`, dbt without its cache", []string{"--no-partial-parse"}, "parse"),
		both("`parse`, dbt with its cache", nil, "parse"),
		both("`ls`, dbt with its cache", nil, "ls"),
		both("`compile`, dbt with its cache", nil, "compile"),
		recompile,
	} {
		if err := b.time(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// build measures a whole build over the sample registry's data. Each run gets
// a warehouse of its own that holds only what was loaded.
func (b *bench) build(ctx context.Context, project string) error {
	project, err := filepath.Abs(project)
	if err != nil {
		return fmt.Errorf("find %s: %w", project, err)
	}
	data := filepath.Join(b.dir, "data")
	if _, err := runOnce(ctx, b.dir, nil, b.apotheca, "run", "clinical-trials", "--sample", "--dir", data); err != nil {
		return err
	}
	warehouse := func(program string) string { return filepath.Join(b.dir, filepath.Base(program), "warehouse.duckdb") }
	return b.time(ctx, command{
		name: "`build` of `" + filepath.Base(project) + "`", dir: project,
		ours:   []string{"dbt", "build", "--target-path", filepath.Join(b.dir, "target-apotheca")},
		theirs: []string{"--no-version-check", "--quiet", "build", "--target-path", filepath.Join(b.dir, "target-dbt"), "--log-path", b.dir},
		before: func(program string) error {
			return copyFile(warehouse(program), filepath.Join(data, "warehouse.duckdb"))
		},
		env: func(program string) []string { return []string{"APOTHECA_WAREHOUSE=" + warehouse(program)} },
	})
}

// time runs a command of both programs in turn, so that a machine that slows
// down does so for both.
func (b *bench) time(ctx context.Context, c command) error {
	repeat := b.repeat
	if c.models >= large {
		repeat = 1
	}
	r := row{command: c.name, models: c.models}
	for i := range repeat {
		for _, p := range []struct {
			program string
			args    []string
			best    *timing.Sample
		}{{b.apotheca, c.ours, &r.ours}, {b.dbt, c.theirs, &r.theirs}} {
			fmt.Fprintf(b.progress, "%s %s\n", filepath.Base(p.program), strings.Join(p.args, " "))
			s, err := b.runOnce(ctx, c, p.program, p.args)
			if err != nil {
				return err
			}
			if i > 0 {
				s = p.best.Best(s)
			}
			*p.best = s
		}
	}
	b.row(r)
	return nil
}

func (b *bench) runOnce(ctx context.Context, c command, program string, args []string) (timing.Sample, error) {
	if c.before != nil {
		if err := c.before(program); err != nil {
			return timing.Sample{}, err
		}
	}
	var env []string
	if c.env != nil {
		env = c.env(program)
	}
	return runOnce(ctx, c.dir, env, program, args...)
}

func runOnce(ctx context.Context, dir string, env []string, program string, args ...string) (timing.Sample, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false"), env...)
	s, _, err := timing.Run(cmd)
	return s, err
}

func findOnPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("edit a model: %w", err)
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		f.Close()
		return fmt.Errorf("edit a model: %w", err)
	}
	return f.Close()
}

func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return out.Close()
}
