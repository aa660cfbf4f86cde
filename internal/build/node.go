package build

import (
	"context"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// node runs a model, a seed, a snapshot, a data test or an analysis into its result.
func (r *run) node(ctx context.Context, s *session, result *Result) {
	n := result.Node
	if err := r.refuse(n); err != nil {
		r.fail(s, result, err)
		return
	}
	if r.Command == Clone {
		if err := r.clone(ctx, s, result); err != nil {
			r.fail(s, result, err)
		}
		return
	}
	if config, ok := r.Project.Microbatch(n); ok && r.Command != Compile {
		if err := r.microbatches(ctx, s, result, config); err != nil {
			r.fail(s, result, err)
		}
		return
	}
	if r.Command == Compile {
		s.tentative = true // templates may do things; a compile changes nothing
		defer func() { s.rollback(); s.tentative = false }()
	}
	if n.ResourceType != dbt.Seed {
		if err := r.compile(ctx, s, result); err != nil {
			r.fail(s, result, err)
			return
		}
	}
	if r.Command == Compile || n.IsEphemeral() {
		return
	}
	if err := r.produce(ctx, s, result); err != nil {
		r.fail(s, result, err)
	}
}

// produce builds a node that is compiled, by whosever materialization it is.
func (r *run) produce(ctx context.Context, s *session, result *Result) error {
	s.result = result
	macro, err := r.macro(result.Node)
	switch {
	case err != nil:
		return err
	case macro.Builtin() && !templated(result.Node):
		return r.builtin(ctx, s, result)
	}
	return r.custom(ctx, s, result, macro)
}

// templated reports a materialization of one adapter alone, which is a template
// here too.
func templated(n *dbt.Node) bool {
	switch n.Config.Materialized() {
	case "external", "table_function":
		return n.ResourceType == dbt.Model
	}
	return false
}

// builtin builds a node as dbt does when nobody replaced how.
func (r *run) builtin(ctx context.Context, s *session, result *Result) error {
	switch result.Node.ResourceType {
	case dbt.Seed:
		return r.seed(ctx, s, result)
	case dbt.Snapshot:
		return r.snapshot(ctx, s, result)
	case dbt.DataTest:
		return r.dataTest(ctx, s, result)
	default:
		return r.model(ctx, s, result)
	}
}

// refuse names what this program does not run, and where it stands.
func (r *run) refuse(n *dbt.Node) error {
	unsupported := func(what, hint string) error {
		return dbt.Problem{File: n.OriginalFilePath, Line: max(n.Line, 1), Message: what + " is not supported", Hint: hint}
	}
	switch {
	case n.Language == "python":
		return unsupported("the python model "+n.Name, "write it in SQL, or leave it out with --exclude "+n.Name)
	case n.ResourceType == dbt.DataTest && r.storesFailures(n) && r.Project.GuardsPersonalData() && r.Project.ReadsPersonalData(n):
		return dbt.Problem{
			File: n.OriginalFilePath, Line: max(n.Line, 1),
			Message: "the test " + n.Name + " would keep rows with personal data", Hint: "leave --store-failures out",
		}
	case n.ResourceType == dbt.Model:
		switch m := n.Config.Materialized(); m {
		case "materialized_view":
			if !r.dialect.MaterializedViews {
				return unsupported("materialized: "+m, "use view, table, incremental or ephemeral")
			}
		}
	}
	return nil
}

// warn records what is said at the end of the run, once.
func (r *run) warn(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

func (r *run) compile(ctx context.Context, s *session, result *Result) error {
	n := result.Node
	compiled, err := r.Project.Compile(ctx, n, adapter{r, s})
	if compiled != nil {
		r.remember(n, compiled)
	}
	if err != nil {
		return err
	}
	if err := r.keepCompiled(result, compiled); err != nil {
		return err
	}
	if !result.silent {
		r.report(Event{Kind: NodeCompiled, Result: result})
	}
	return nil
}

func (r *run) remember(n *dbt.Node, compiled *dbt.Compiled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.compiled[compiledKey(n)] = compiled
}

// keepCompiled writes what a node was compiled to and records it.
func (r *run) keepCompiled(result *Result, compiled *dbt.Compiled) (err error) {
	n := result.Node
	result.Compiled = r.Now()
	result.CompiledCode = compiled.Code
	if n.ResourceType == dbt.Snapshot || compiled.Code == "" {
		return nil // of snapshots a file may hold several; dbt writes none, and nothing that is empty
	}
	compiled.Path, err = r.writeCompiled(n, compiled.Code)
	result.CompiledPath = compiled.Path
	return err
}

// compiledKey tells the batches of a node apart, which run side by side.
func compiledKey(n *dbt.Node) string {
	if n.Batch == nil {
		return n.UniqueID
	}
	return n.UniqueID + "@" + n.BatchName()
}

// running is a node under way as templates see it.
func (r *run) running(s *session, n *dbt.Node) dbt.Running {
	r.mu.Lock()
	defer r.mu.Unlock()
	return dbt.Running{
		Node: n, Adapter: adapter{r, s}, Compiled: r.compiled[compiledKey(n)],
	}
}

// runModelHooks runs a node's hooks of one side of its transaction. Each entry
// is rendered when its turn comes, so that it sees what those before it did.
func (r *run) runModelHooks(ctx context.Context, s *session, n *dbt.Node, hooks []dbt.Hook, inside bool) error {
	for _, hook := range hooks {
		if hook.Transaction != inside {
			continue
		}
		sql, err := r.Project.Render(ctx, r.running(s, n), hook.SQL)
		if err != nil {
			return err
		}
		if strings.TrimSpace(sql) == "" {
			continue
		}
		if _, err := s.tell(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
