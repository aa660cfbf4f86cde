package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

func (a *app) dbtRetryCommand(f *dbtFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "retry",
		Short: "Run again what failed or was skipped in the last run",
		Args:  noNodes,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.dbtRetry(cmd.Context(), f)
		},
	}
}

// lastRun is what run_results.json tells of the run to retry.
type lastRun struct {
	Metadata struct {
		GeneratedAt time.Time `json:"generated_at"`
		StartedAt   time.Time `json:"invocation_started_at"`
	} `json:"metadata"`
	Results []struct {
		UniqueID string `json:"unique_id"`
		Status   string `json:"status"`
		Batches  *struct {
			Successful [][2]time.Time `json:"successful"`
			Failed     [][2]time.Time `json:"failed"`
		} `json:"batch_results"`
	} `json:"results"`
	Args struct {
		Which         string         `json:"which"`
		Vars          map[string]any `json:"vars"`
		Target        *string        `json:"target"`
		Threads       *int           `json:"threads"`
		FullRefresh   bool           `json:"full_refresh"`
		FailFast      bool           `json:"fail_fast"`
		StoreFailures bool           `json:"store_failures"`
		Empty         bool           `json:"empty"`
		EventStart    string         `json:"event_time_start"`
		EventEnd      string         `json:"event_time_end"`
		Sample        map[string]any `json:"sample"`
		Macro         string         `json:"macro"`
		Args          map[string]any `json:"args"`
	} `json:"args"`
}

// dbtRetry takes the command and its flags from the last run; only variables and
// threads may be given anew, as in dbt.
func (a *app) dbtRetry(ctx context.Context, f *dbtFlags) error {
	last, err := f.lastRun()
	if err != nil {
		return err
	}
	again := *f
	again.fullRefresh, again.failFast = last.Args.FullRefresh, last.Args.FailFast
	again.storeFailures, again.empty = last.Args.StoreFailures, last.Args.Empty
	if again.eventTime, err = last.eventTime(); err != nil {
		return err
	}
	if again.vars == "" && len(last.Args.Vars) > 0 {
		vars, err := json.Marshal(last.Args.Vars)
		if err != nil {
			return err
		}
		again.vars = string(vars)
	}
	if again.threads == 0 && last.Args.Threads != nil {
		again.threads = *last.Args.Threads
	}
	if again.target == "" && last.Args.Target != nil {
		again.target = *last.Args.Target
	}
	i := a.invoke(last.Args.Which, &again)
	return i.end(i.retry(ctx, last))
}

func (i *invocation) retry(ctx context.Context, last *lastRun) error {
	switch last.Args.Which {
	case "build", "run", "test", "seed", "snapshot", "compile", "clone":
		return i.retryNodes(ctx, last)
	case "run-operation":
		if len(last.failed()) == 0 {
			return i.nothingToRetry()
		}
		arguments, err := json.Marshal(last.Args.Args)
		if err != nil {
			return err
		}
		return i.operation(ctx, last.Args.Macro, string(arguments))
	}
	return usagef("the last run was %q, which cannot be retried", last.Args.Which).hint("run it again instead")
}

func (i *invocation) retryNodes(ctx context.Context, last *lastRun) error {
	if err := i.load(); err != nil {
		return err
	}
	ids := slices.DeleteFunc(last.failed(), func(id string) bool {
		_, isNode := i.project.Nodes[id]
		_, isUnitTest := i.project.UnitTests[id]
		_, isExposure := i.project.Exposures[id]
		return strings.HasPrefix(id, string(dbt.Operation)+".") || !isNode && !isUnitTest && !isExposure
	})
	if len(ids) == 0 {
		return i.nothingToRetry()
	}
	i.retried, i.batchesUntil = last.batches(), last.Metadata.StartedAt
	if i.batchesUntil.IsZero() {
		i.batchesUntil = last.Metadata.GeneratedAt
	}
	return i.buildNodes(ctx, ids)
}

// eventTime are the flags of the run to retry.
func (l *lastRun) eventTime() (eventTimeFlags, error) {
	flags := eventTimeFlags{start: l.Args.EventStart, end: l.Args.EventEnd}
	if l.Args.Sample == nil {
		return flags, nil
	}
	sample, err := json.Marshal(l.Args.Sample)
	flags.sample = string(sample)
	return flags, err
}

// batches are those of microbatch models of which some failed. A model of which
// none succeeded runs as a whole: its table may have to be made.
func (l *lastRun) batches() map[string]build.BatchResults {
	windows := func(borders [][2]time.Time) []dbt.Window {
		all := make([]dbt.Window, len(borders))
		for i, b := range borders {
			all[i] = dbt.Window{Start: b[0].UTC(), End: b[1].UTC()}
		}
		return all
	}
	retried := map[string]build.BatchResults{}
	for _, r := range l.Results {
		if r.Batches != nil && len(r.Batches.Successful) > 0 && len(r.Batches.Failed) > 0 {
			retried[r.UniqueID] = build.BatchResults{Successful: windows(r.Batches.Successful), Failed: windows(r.Batches.Failed)}
		}
	}
	return retried
}

func (i *invocation) nothingToRetry() error {
	i.console.Tell(build.Line{Name: "NothingToDo", Level: build.LevelWarn, Text: "Nothing to do. Try checking your model configs and model specification args"})
	return nil
}

// failed are the ids of all that did not succeed.
func (l *lastRun) failed() []string {
	var ids []string
	for _, r := range l.Results {
		switch build.Status(r.Status) {
		case build.Error, build.Fail, build.Skipped, build.RuntimeError, build.PartialSuccess:
			ids = append(ids, r.UniqueID)
		}
	}
	return ids
}

// lastRun reads the results that --state, or else the target folder, holds.
func (f *dbtFlags) lastRun() (*lastRun, error) {
	dir, err := f.findProject()
	if err != nil {
		return nil, err
	}
	folder := f.state
	if folder == "" {
		folder = f.targetPath
	}
	if folder == "" {
		folders, err := dbt.ReadFolders(os.DirFS(dir))
		if err != nil {
			return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
		}
		folder = filepath.Join(dir, folders.Target)
	}
	data, err := os.ReadFile(filepath.Join(folder, "run_results.json"))
	if err != nil {
		return nil, usagef("could not find a previous run in the folder %s", folder).
			hint("--state DIR names the folder with the run_results.json of the run to retry")
	}
	last := &lastRun{}
	if err := json.Unmarshal(data, last); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(folder, "run_results.json"), err)
	}
	return last, nil
}
