package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/graph"
	"apotheca/internal/warehouse"
)

// Command is the dbt command whose nodes are run.
type Command string

// The commands. Build runs everything in one graph, in which a failing test
// keeps what descends from the tested nodes from running.
const (
	Build    Command = "build"
	RunAll   Command = "run"
	Test     Command = "test"
	Seed     Command = "seed"
	Snapshot Command = "snapshot"
	Compile  Command = "compile"
	Clone    Command = "clone"

	SourceFreshness Command = "freshness"
	RunOperation    Command = "run-operation"
	Generate        Command = "generate"
	Show            Command = "show"
)

// Types are the kinds of resources that a command selects where nobody names
// any; nil is what [dbt.Project.Select] keeps by itself.
func (c Command) Types() []dbt.ResourceType {
	switch c {
	case Build:
		return []dbt.ResourceType{
			dbt.Model, dbt.Seed, dbt.Snapshot, dbt.DataTest, dbt.UnitTestResource, dbt.ExposureResource,
			dbt.MetricResource, dbt.SemanticModelResource, dbt.SavedQueryResource,
		}
	case Compile, Generate:
		return []dbt.ResourceType{dbt.Model, dbt.Seed, dbt.Snapshot, dbt.DataTest, dbt.Analysis, dbt.Operation}
	}
	return nil
}

// runs reports whether a command runs nodes of a type.
func (c Command) runs(t dbt.ResourceType) bool {
	switch c {
	case RunAll:
		return t == dbt.Model
	case Test:
		return t == dbt.DataTest || t == dbt.UnitTestResource
	case Seed:
		return t == dbt.Seed
	case Snapshot:
		return t == dbt.Snapshot
	case Clone:
		return t == dbt.Model || t == dbt.Seed || t == dbt.Snapshot
	case Compile:
		return t == dbt.Model || t == dbt.DataTest || t == dbt.Analysis || t == dbt.Snapshot || t == dbt.Seed || t == dbt.Operation
	default:
		return t == dbt.Model || t == dbt.Seed || t == dbt.Snapshot || t == dbt.DataTest || t == dbt.UnitTestResource || t == dbt.ExposureResource
	}
}

// Options of a run.
type Options struct {
	Project   *dbt.Project
	Warehouse warehouse.Warehouse
	Command   Command
	// IDs are the selected nodes and unit tests; those that the command does
	// not run are left out.
	IDs []string
	// Named tells that somebody asked for those by name: then a compile shows
	// ephemeral models too.
	Named       bool
	Threads     int
	FullRefresh bool
	FailFast    bool
	// EventTime is the stretch of time for which microbatch models are run; nil
	// leaves it to them. It then ends at BatchesUntil: zero is the run's start.
	EventTime    *dbt.Window
	BatchesUntil time.Time
	// Retried are the batches of an earlier run, by model: those that failed
	// run, and nothing else of the model.
	Retried map[string]BatchResults
	// NoIntrospect keeps templates from asking the database.
	NoIntrospect bool
	// SkipAfterFailedStart runs no node when an on-run-start hook failed, as dbt
	// does with skip_nodes_if_on_run_start_fails.
	SkipAfterFailedStart bool
	// NoFreshnessHooks runs CheckFreshness without the project's hooks.
	NoFreshnessHooks bool
	// StoreFailures keeps the failing rows of tests that do not say otherwise.
	StoreFailures bool
	// WarnError fails a test that would warn.
	WarnError bool
	// TargetDir receives the artifacts; empty writes none.
	TargetDir string
	// NoArtifacts writes the SQL into TargetDir, and no JSON.
	NoArtifacts bool
	// SourcesName is the file of CheckFreshness; empty is sources.json.
	SourcesName string
	// TargetName is how messages name TargetDir; empty means TargetDir.
	TargetName string
	// Report is told of every step, from one goroutine at a time. May be nil.
	Report func(Event)
	// Now is the clock; nil means time.Now.
	Now          func() time.Time
	InvocationID string
	// Args are the invocation's, for run_results.json.
	Args map[string]any
}

// Run runs the selected nodes. The error says why the run as a whole could not
// be carried out or recorded; what failed in a node is in its result. A compile
// ends at the first node that cannot be compiled, which is its error.
func Run(ctx context.Context, o Options) (*Results, error) {
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.refuseOverrides(); err != nil {
		return nil, err
	}
	r.report(Event{Kind: RunStarted, Total: r.total, Threads: r.Threads, Target: o.Project.Target.Name})
	if len(r.steps) > 0 {
		if err := r.run(ctx); err != nil {
			return nil, err
		}
	}
	if r.uncompiled != nil {
		return nil, r.uncompiled
	}
	results := r.results(ctx)
	err = r.writeArtifacts(results)
	r.report(Event{Kind: RunFinished, Results: results})
	return results, err
}

// run is one run under way.
type run struct {
	Options
	dialect  warehouse.Dialect
	cache    *cache
	sessions chan *session // idle
	needs    map[string][]string
	steps    []string // ids that will be run, sorted
	total    int
	started  time.Time
	stop     context.CancelCauseFunc // starts no other node

	foreignKeys map[string]bool // the nodes of keyed
	keys        sync.Mutex      // one of them at a time: a key is changed with both its tables

	reporting     sync.Mutex // one event at a time
	withoutGrants sync.Once  // warned

	mu       sync.Mutex // guards what follows
	begun    int
	done     []*Result
	compiled map[string]*dbt.Compiled
	hooks    []*Result
	warnings []string

	uncompiled error // of the node that ended a compile
}

func newRun(ctx context.Context, o Options) (*run, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TargetName == "" {
		o.TargetName = o.TargetDir
	}
	o.Threads = max(o.Threads, 1)
	r := &run{
		Options:  o,
		dialect:  o.Warehouse.Dialect(),
		sessions: make(chan *session, o.Threads),
		started:  o.Now(),
		compiled: map[string]*dbt.Compiled{},
	}
	r.cache = newCache(r.dialect)
	r.foreignKeys = r.keyed()
	for _, id := range o.IDs {
		t, ok := resourceType(o.Project, id)
		if ok && o.Command.runs(t) {
			r.steps = append(r.steps, id)
		}
	}
	slices.Sort(r.steps)
	if o.Command != Clone { // clones read what is there already
		r.needs = o.Project.BuildOrder(r.steps, o.Command == Build)
	}
	r.total = r.countShown()
	for i := range o.Threads {
		s, err := r.newSession(ctx, fmt.Sprintf("Thread-%d (worker)", i+1))
		if err != nil {
			r.close()
			return nil, err
		}
		r.sessions <- s
	}
	return r, nil
}

func resourceType(p *dbt.Project, id string) (dbt.ResourceType, bool) {
	if n, ok := p.Nodes[id]; ok {
		return n.ResourceType, true
	}
	if _, ok := p.Exposures[id]; ok {
		return dbt.ExposureResource, true
	}
	_, ok := p.UnitTests[id]
	return dbt.UnitTestResource, ok
}

// countShown leaves out ephemeral models: they have nothing to run and dbt
// neither counts nor shows them.
func (r *run) countShown() int {
	count := 0
	for _, id := range r.steps {
		if n, ok := r.Project.Nodes[id]; !ok || !n.IsEphemeral() || r.Command == Compile {
			count++
		}
	}
	return count
}

func (r *run) close() {
	for {
		select {
		case s := <-r.sessions:
			s.close()
		default:
			return
		}
	}
}

func (r *run) run(ctx context.Context) error {
	steps := make([]graph.Step, len(r.steps))
	for i, id := range r.steps {
		steps[i] = graph.Step{ID: id, Needs: r.needs[id], Run: func(context.Context) error { return r.step(ctx, id) }}
	}
	g, err := graph.New(steps)
	if err != nil {
		return err
	}
	if r.Command != Compile {
		if err := r.prepare(ctx); err != nil {
			return err
		}
	}
	hooks := r.Command != Compile && r.Command != Clone
	if hooks {
		r.runHooks(ctx, r.Project.OnRunStart)
	}
	// Steps run with ctx itself, so that fail fast lets what runs finish.
	starting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.stop = stop
	if r.SkipAfterFailedStart && slices.ContainsFunc(r.hooks, (*Result).Failed) {
		stop(errStartFailed)
	}
	g.Run(starting, graph.Options{Workers: r.Threads, Skip: r.skipped})
	if hooks {
		// on-run-end hooks run whatever became of the nodes.
		r.runHooks(ctx, r.Project.OnRunEnd)
	}
	return nil
}

// prepare makes the schemas that nodes will write to.
func (r *run) prepare(ctx context.Context) error {
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	made := map[dbt.Relation]bool{}
	for _, id := range r.steps {
		n, ok := r.Project.Nodes[id]
		if !ok || n.IsEphemeral() || n.ResourceType == dbt.DataTest && !r.storesFailures(n) {
			continue
		}
		schema := r.Project.Relation(n)
		schema.Identifier, schema.Type = "", ""
		if made[schema] {
			continue
		}
		made[schema] = true
		if own := r.Project.Target.Database; !r.dialect.ManyDatabases && !strings.EqualFold(schema.Database, own) {
			return fmt.Errorf("Cross-db references not allowed in %s (%s vs %s)\nhint: remove the config database of %s", r.dialect.Name, schema.Database, own, n.Name) //nolint:staticcheck // dbt's words
		}
		there, err := warehouse.HasSchema(ctx, s.conn, r.dialect, schema.Database, schema.Schema)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		m := &materialization{run: r, session: s, node: n}
		if err := m.step(ctx, "create_schema", func() error {
			_, err := s.exec(ctx, "create schema if not exists "+r.schemaOf(schema).String())
			return err
		}, schema); err != nil {
			return fmt.Errorf("create schema %s: %w", schema.Schema, err)
		}
	}
	return nil
}

var errStartFailed = errors.New("an on-run-start hook failed, and skip_nodes_if_on_run_start_fails skips the nodes")

var errFailFast = errors.New("a node before it failed, and --fail-fast stops the run")

// step runs one node. The error is the graph's reason to skip descendants.
func (r *run) step(ctx context.Context, id string) error {
	s := <-r.sessions
	s.reset()
	defer func() { r.sessions <- s }()
	result := r.begin(s, id)
	err := r.ready(ctx, s, result.Node)
	switch {
	case err != nil:
		r.fail(s, result, err)
	case result.Exposure != nil:
		result.Status, result.Message, result.Failures = NoOp, "NO-OP", new(int64)
	case result.UnitTest != nil:
		r.unitTest(ctx, s, result)
	default:
		r.node(ctx, s, result)
	}
	if ctx.Err() != nil && result.Status == Error {
		result.Message = "interrupted: " + result.Message
	}
	r.finish(s, result)
	if result.Failed() {
		switch {
		case r.Command == Compile:
			r.giveUp(result)
		case r.FailFast:
			r.stop(errFailFast)
		}
		return fmt.Errorf("%s: %s", result.Status, result.Message)
	}
	return nil
}

// giveUp ends a compile at the first node that cannot be compiled.
func (r *run) giveUp(result *Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.uncompiled == nil {
		r.uncompiled = errors.New(result.Message)
	}
	r.stop(r.uncompiled)
}

// ready has the session live and speak for a node.
func (r *run) ready(ctx context.Context, s *session, n *dbt.Node) error {
	if err := s.revive(ctx); err != nil {
		return err
	}
	return r.comment(ctx, s, n)
}

func (r *run) begin(s *session, id string) *Result {
	result := r.newResult(id)
	result.Thread, s.subject = s.name, id
	result.Started = r.Now()
	result.Status = Success
	if !result.silent {
		r.mu.Lock()
		r.begun++
		result.Index = r.begun
		r.mu.Unlock()
		if result.Exposure == nil {
			r.report(Event{Kind: NodeStarted, Result: result, Total: r.total})
		}
	}
	return result
}

func (r *run) finish(s *session, result *Result) {
	result.Finished = r.Now()
	result.DatabaseTime = s.took
	if err := r.writeScript(s, result); err != nil {
		r.fail(s, result, err)
	}
	r.mu.Lock()
	if result.silent && result.Failed() && !r.needed(result.UniqueID) {
		// Nothing is skipped for it, so that it would go unseen.
		result.silent = false
		r.begun++
		result.Index = r.begun
	}
	r.done = append(r.done, result)
	r.mu.Unlock()
	if !result.silent {
		r.report(Event{Kind: NodeFinished, Result: result, Total: r.total})
	}
}

// needed reports whether another node of the run waits for one.
func (r *run) needed(id string) bool {
	for _, needs := range r.needs {
		if slices.Contains(needs, id) {
			return true
		}
	}
	return false
}

// blameEphemeral lets a skipped node tell of the ephemeral model that failed,
// which has no line of its own. In a build the next ones below it do.
func (r *run) blameEphemeral(result *Result) {
	if result.silent || r.Command == Build && !slices.Contains(r.needs[result.UniqueID], result.SkippedFor) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.done, func(d *Result) bool { return d.UniqueID == result.SkippedFor })
	if at < 0 || !r.done[at].silent {
		return
	}
	result.broken = r.done[at]
	result.Message = fmt.Sprintf("Compilation Error in %s, caused by compilation error in referenced ephemeral model %s", result.UniqueID, result.SkippedFor)
}

// skipped records a node that will not run.
func (r *run) skipped(o graph.Outcome) {
	result := r.newResult(o.ID)
	result.Status = Skipped
	result.Started = r.Now()
	result.Finished = result.Started
	var skip *graph.SkipError
	if errors.As(o.Err, &skip) {
		result.SkippedFor = skip.Cause
		result.Message = "skipped because of " + skip.Cause
		r.blameEphemeral(result)
	} else if o.Err != nil {
		result.Message = "skipped: " + o.Err.Error()
	}
	r.mu.Lock()
	if !result.silent {
		r.begun++
		result.Index = r.begun
	}
	r.done = append(r.done, result)
	r.mu.Unlock()
	if !result.silent {
		r.report(Event{Kind: NodeFinished, Result: result, Total: r.total})
	}
}
