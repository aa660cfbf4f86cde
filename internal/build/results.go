package build

import (
	"context"
	"fmt"
	"slices"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// Status is dbt's word for what became of a node.
type Status string

// The statuses.
const (
	Success Status = "success"
	Pass    Status = "pass"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Error   Status = "error"
	Skipped Status = "skipped"
	// PartialSuccess is a microbatch model of which some batches failed.
	PartialSuccess Status = "partial success"
	// NoOp is an exposure, which is a part of a build and nothing to run.
	NoOp Status = "no-op"
	// RuntimeError is a source whose age could not be asked for.
	RuntimeError Status = "runtime error"
)

// Result is what became of one node, unit test or hook.
type Result struct {
	UniqueID string
	// One of these is set.
	Node     *dbt.Node
	UnitTest *dbt.UnitTest
	Source   *dbt.Source
	Exposure *dbt.Exposure

	Status  Status
	Message string
	// Failures is the number a test found; nil where none was counted.
	Failures *int64
	// Sample are the first rows that made a test warn or fail.
	Sample warehouse.Table
	// Freshness is how old a source is; nil when that was not found out.
	Freshness *Freshness
	// Batches are a microbatch model's; nil for all else.
	Batches *BatchResults
	// SkippedFor is the id of the failure for which the node was skipped.
	SkippedFor string
	// broken is that failure where it is an ephemeral model's.
	broken *Result
	// Rows is the number of rows written, -1 where that is not known.
	Rows int64
	// Response is the short word in the console's brackets: "SELECT 5".
	Response string
	plain    bool // a macro made the word up: there is nothing in it to read

	// CompiledCode is the node's own SQL; CompiledPath its file, as messages
	// name it.
	CompiledCode string
	CompiledPath string
	RelationName string

	Index        int // the k of "k of N"; 0 for what is not shown
	Thread       string
	Started      time.Time
	Compiled     time.Time // when compiling ended; zero when it never did
	Finished     time.Time
	DatabaseTime time.Duration

	runPath string // the file of what the database was told
	silent  bool   // an ephemeral model: nothing runs
	// isMicrobatch is a model that runs in batches, each with a result of its own.
	isMicrobatch bool
	elsewhere    string // the database and a dot, of what is not in the target's
}

// Failed reports a result that makes the run fail and gates what descends from
// it: an error or a failing test.
func (r *Result) Failed() bool {
	return r.Status == Error || r.Status == Fail || r.Status == RuntimeError || r.Status == PartialSuccess
}

// Took is how long the node ran.
func (r *Result) Took() time.Duration { return r.Finished.Sub(r.Started) }

// Name is how the console names the result's subject.
func (r *Result) Name() string {
	switch {
	case r.UnitTest != nil:
		return r.UnitTest.Model + "::" + r.UnitTest.Name
	case r.Source != nil:
		return r.Source.SourceName + "." + r.Source.Name
	case r.Exposure != nil:
		return r.Exposure.Name
	case r.Node.ResourceType == dbt.Operation:
		return fmt.Sprintf("%s.%s.%d", r.Node.PackageName, r.Node.Hook.When, r.Index-1)
	case r.Node.ResourceType == dbt.DataTest || r.Node.IsEphemeral():
		return r.Node.Name
	}
	return r.elsewhere + r.Node.Schema + "." + r.Node.Alias
}

// isHook reports a hook around the run.
func (r *Result) isHook() bool { return r.Node != nil && r.Node.Hook != nil }

// File is where the subject is declared, relative to the project.
func (r *Result) File() string {
	switch {
	case r.UnitTest != nil:
		return r.UnitTest.OriginalFilePath
	case r.Source != nil:
		return r.Source.OriginalFilePath
	case r.Exposure != nil:
		return r.Exposure.OriginalFilePath
	}
	return r.Node.OriginalFilePath
}

// Type is the subject's resource type.
func (r *Result) Type() dbt.ResourceType {
	switch {
	case r.UnitTest != nil:
		return dbt.UnitTestResource
	case r.Source != nil:
		return dbt.SourceResource
	case r.Exposure != nil:
		return dbt.ExposureResource
	}
	return r.Node.ResourceType
}

// Results are all results of a run, in the order in which they ended.
type Results struct {
	Command Command
	All     []*Result
	Started time.Time
	Elapsed time.Duration
	// Warnings are about the run as a whole.
	Warnings []string
	// Stopped is why nodes were not started, nil when all were.
	Stopped error
}

// Count is the number of results with a status.
func (rs *Results) Count(s Status) int {
	count := 0
	for _, r := range rs.All {
		if r.Status == s && !r.silent {
			count++
		}
	}
	return count
}

// Total is the number of results that are shown and counted.
func (rs *Results) Total() int {
	count := 0
	for _, r := range rs.All {
		if !r.silent {
			count++
		}
	}
	return count
}

// Failed reports a run that must end with exit status 1: something failed, or
// did not run.
func (rs *Results) Failed() bool {
	return rs.Stopped != nil || slices.ContainsFunc(rs.All, func(r *Result) bool {
		return r.Failed() && !r.silent || r.Status == Skipped && r.Exposure == nil && !r.silent
	})
}

// Find returns the result of a node.
func (rs *Results) Find(id string) (*Result, bool) {
	i := slices.IndexFunc(rs.All, func(r *Result) bool { return r.UniqueID == id })
	if i < 0 {
		return nil, false
	}
	return rs.All[i], true
}

func (r *run) newResult(id string) *Result {
	result := &Result{UniqueID: id, Rows: -1}
	if t, ok := r.Project.UnitTests[id]; ok {
		result.UnitTest = t
		return result
	}
	if source, ok := r.Project.Sources[id]; ok {
		result.Source = source
		return result
	}
	if exposure, ok := r.Project.Exposures[id]; ok {
		result.Exposure = exposure
		return result
	}
	n := r.Project.Nodes[id]
	result.Node = n
	result.RelationName = n.RelationName
	result.silent = n.IsEphemeral() && (r.Command != Compile || !r.Named)
	if r.Command != Compile {
		_, result.isMicrobatch = r.Project.Microbatch(n)
	}
	if n.Database != r.Project.Target.Database {
		result.elsewhere = n.Database + "."
	}
	return result
}

func (r *run) results(ctx context.Context) *Results {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Results{
		Command:  r.Command,
		All:      slices.Concat(r.hooksAt("on-run-start"), r.done, r.hooksAt("on-run-end")),
		Started:  r.started,
		Elapsed:  r.Now().Sub(r.started),
		Warnings: r.warnings,
		Stopped:  context.Cause(ctx),
	}
}

func (r *run) hooksAt(when string) []*Result {
	var results []*Result
	for _, h := range r.hooks {
		if h.Node.Hook.When == when {
			results = append(results, h)
		}
	}
	return results
}
