package main

import (
	"time"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// targetOf is the warehouse that a run of a pipeline would use.
func (a *app) targetOf(c config, d *declared) (dbt.Target, error) {
	target, err := dbt.ReadTarget(a.projectOf(c, d))
	if err != nil {
		return target, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return target, nil
}

// projectOf is how a run reads a pipeline's project.
func (a *app) projectOf(c config, d *declared) dbt.Options {
	return dbt.Options{
		FS: d.files, Dir: d.label, Target: c.Target,
		Vars: map[string]any{"run_date": a.now().UTC().Format(time.DateOnly)},
		Env:  c.layoutOf(d).Env(a.env), Threads: c.Threads, Command: string(build.Build),
		Now: a.now().UTC(),
	}
}
