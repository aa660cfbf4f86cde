package main

import (
	"io/fs"
	"time"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// pipelineTarget is the warehouse that a run of the pipeline would use.
func (a *app) pipelineTarget(c config) (dbt.Target, error) {
	files, label, err := c.pipelineProject()
	if err != nil {
		return dbt.Target{}, err
	}
	target, err := dbt.ReadTarget(a.pipelineDBT(c, files, label))
	if err != nil {
		return target, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return target, nil
}

// pipelineDBT is how a run reads the pipeline's project.
func (a *app) pipelineDBT(c config, files fs.FS, label string) dbt.Options {
	return dbt.Options{
		FS: files, Dir: label, Target: c.Target,
		Vars: map[string]any{"run_date": a.now().UTC().Format(time.DateOnly)},
		Env:  c.layout().Env(a.env), Threads: c.Threads, Command: string(build.Build),
		Now: a.now().UTC(),
	}
}
