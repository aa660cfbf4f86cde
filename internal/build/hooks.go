package build

import (
	"context"
	"errors"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// mainThread is dbt's name of where hooks run.
const mainThread = "main"

// runHooks runs the hooks around a run, each as one statement outside of any
// transaction. After one fails the others of its list are skipped; the nodes
// run all the same, as in dbt 1.10.
func (r *run) runHooks(ctx context.Context, hooks []*dbt.Node) {
	if len(hooks) == 0 {
		return
	}
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	failed := ""
	for i, n := range hooks {
		result := &Result{
			UniqueID: n.UniqueID, Node: n, Rows: -1, Status: Success,
			Index: i + 1, Thread: mainThread, Started: r.Now(),
		}
		s.reset()
		r.hooks = append(r.hooks, result)
		if failed != "" {
			result.Status, result.SkippedFor = Skipped, failed
			result.Message = result.Name() + " skipped"
			result.Failures = new(int64(1))
		} else {
			r.report(Event{Kind: NodeStarted, Result: result, Total: len(hooks)})
			r.runHook(ctx, s, result)
		}
		result.Finished = r.Now()
		result.DatabaseTime = s.took
		r.report(Event{Kind: NodeFinished, Result: result, Total: len(hooks)})
		if result.Status == Error {
			failed, result.Failures = n.UniqueID, new(int64(1))
		}
	}
}

func (r *run) runHook(ctx context.Context, s *session, result *Result) {
	if err := r.ready(ctx, s, result.Node); err != nil {
		r.fail(s, result, err)
		return
	}
	extra := map[string]any{}
	if result.Node.Hook.When == "on-run-end" {
		extra = r.hookContext()
	}
	sql, err := r.Project.Render(ctx, dbt.Running{Node: result.Node, Adapter: adapter{r, s}, Names: extra}, result.Node.RawCode)
	if err != nil {
		r.fail(s, result, err)
		return
	}
	compiled := &dbt.Compiled{Code: sql, Macros: result.Node.DependsOn.Macros, Index: result.Index}
	r.remember(result.Node, compiled)
	if err := r.keepCompiled(result, compiled); err != nil {
		r.fail(s, result, err)
		return
	}
	if strings.TrimSpace(sql) != "" {
		if _, err := s.exec(ctx, sql); err != nil {
			r.fail(s, result, err)
			return
		}
	}
	result.Response = "OK"
	result.Message = result.Name() + " passed"
	result.Failures = new(int64)
}

// hookContext is what on-run-end hooks see beside the usual names.
func (r *run) hookContext() map[string]any {
	var results, schemas, pairs []any
	seen := map[string]bool{}
	for _, result := range r.done {
		results = append(results, r.hookResult(result))
		n := result.Node
		if n == nil || n.IsEphemeral() || n.ResourceType == dbt.DataTest {
			continue
		}
		if key := n.Database + "\x00" + n.Schema; !seen[key] {
			seen[key] = true
			schemas = append(schemas, n.Schema)
			pairs = append(pairs, []any{n.Database, n.Schema})
		}
	}
	return map[string]any{"results": results, "schemas": schemas, "database_schemas": pairs}
}

// hookResult is a result as on-run-end hooks read it: what run_results.json
// will have of it, and the node.
func (r *run) hookResult(result *Result) *jinja.Dict {
	recorded := recorded(result)
	timings := jinja.NewList()
	for _, t := range recorded.Timing {
		timings.V = append(timings.V, withDict(jinja.NewDict("name", t.Name, "started_at", t.StartedAt, "completed_at", t.CompletedAt)))
	}
	text := func(s *string) any {
		if s == nil {
			return nil
		}
		return *s
	}
	failures := any(nil)
	if result.Failures != nil {
		failures = *result.Failures
	}
	entry := jinja.NewDict(
		"status", string(result.Status), "timing", timings, "thread_id", result.Thread, "execution_time", result.Took().Seconds(),
		"adapter_response", jinja.FromGo(recorded.AdapterResponse), "message", text(recorded.Message), "failures", failures,
		"unique_id", result.UniqueID, "compiled_code", text(recorded.CompiledCode), "relation_name", text(recorded.RelationName),
		"node", nil, "batch_results", nil,
	)
	if node, ok := r.Project.Describe(result.UniqueID, r.compiled[result.UniqueID]).(*jinja.Dict); ok {
		node = withDict(node.Copy())
		if config, ok := node.Get("config"); ok {
			node.Set("config", shownConfig{config})
		}
		entry.Set("node", node)
	}
	return withDict(entry)
}

// shownConfig is a node's config in a result: what is not set in it is none,
// not an error.
type shownConfig struct{ values any }

func (c shownConfig) get(key any) any {
	values, _ := c.values.(*jinja.Dict)
	v, _ := values.Get(key)
	return v
}

func (c shownConfig) GetItem(key any) (any, bool) { return c.get(key), true }

func (c shownConfig) GetAttr(name string) (any, bool) {
	switch name {
	case "to_dict":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return c.values, nil }), true
	case "get":
		return jinja.Func(func(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
			if len(a) == 0 {
				return nil, errors.New("config.get() takes a name")
			}
			if v := c.get(a[0]); v != nil || len(a) == 1 {
				return v, nil
			}
			return a[1], nil
		}), true
	}
	return c.get(name), true
}

// withDict gives a record the method by which Python's become dicts.
func withDict(record *jinja.Dict) *jinja.Dict {
	plain := record.Copy()
	record.Set("to_dict", jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return plain, nil }))
	return record
}
