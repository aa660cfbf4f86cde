package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/graph"
)

// Freshness is what became of asking a source for its newest row.
type Freshness struct {
	MaxLoadedAt   time.Time
	SnapshottedAt time.Time
}

// Age is how old the newest row was.
func (f *Freshness) Age() time.Duration { return f.SnapshottedAt.Sub(f.MaxLoadedAt) }

// seconds is the age, also where a Duration would not hold it.
func (f *Freshness) seconds() float64 {
	return float64(f.SnapshottedAt.Unix()-f.MaxLoadedAt.Unix()) +
		float64(f.SnapshottedAt.Nanosecond()-f.MaxLoadedAt.Nanosecond())/1e9
}

// CheckFreshness asks the selected sources how old their newest rows are and
// writes sources.json. Sources that declare no freshness are left out; the
// project's hooks run around it, as in dbt.
func CheckFreshness(ctx context.Context, o Options) (*Results, error) {
	o.Command = SourceFreshness
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	r.steps = slices.DeleteFunc(slices.Clone(o.IDs), func(id string) bool {
		source := o.Project.Sources[id]
		return source == nil || !source.HasFreshness()
	})
	r.total = len(r.steps)
	r.report(Event{Kind: RunStarted, Total: r.total, Threads: r.Threads, Target: o.Project.Target.Name})
	if r.total == 0 {
		results := r.results(ctx)
		return results, r.writeSources(results)
	}
	if !o.NoFreshnessHooks {
		r.runHooks(ctx, o.Project.OnRunStart)
	}
	steps := make([]graph.Step, len(r.steps))
	for i, id := range r.steps {
		steps[i] = graph.Step{ID: id, Run: func(context.Context) error { r.freshness(ctx, id); return nil }}
	}
	g, err := graph.New(steps)
	if err != nil {
		return nil, err
	}
	g.Run(ctx, graph.Options{Workers: r.Threads, Skip: r.skipped})
	if !o.NoFreshnessHooks {
		r.runHooks(ctx, o.Project.OnRunEnd)
	}
	results := r.results(ctx)
	err = r.writeSources(results)
	r.report(Event{Kind: RunFinished, Results: results})
	return results, err
}

// freshness asks one source.
func (r *run) freshness(ctx context.Context, id string) {
	s := <-r.sessions
	s.reset()
	defer func() { r.sessions <- s }()
	result := r.begin(s, id)
	if err := r.askAge(ctx, s, result); err != nil {
		r.fail(s, result, err)
		result.Status = RuntimeError
	}
	r.finish(s, result)
}

func (r *run) askAge(ctx context.Context, s *session, result *Result) error {
	source := result.Source
	relation := r.Project.SourceRelation(source)
	running := dbt.Running{Adapter: adapter{r, s}, Names: map[string]any{"this": relation, "source_node": source, "model": source}}
	var returned any
	var err error
	switch {
	case source.LoadedAtQuery != "":
		query, failed := r.Project.Render(ctx, running, source.LoadedAtQuery)
		if failed != nil {
			return failed
		}
		returned, err = r.Project.Call(ctx, running, "collect_freshness_custom_sql", relation, query)
	case source.LoadedAtField != "":
		filter := any(nil)
		if source.Freshness.Filter != "" {
			filter = source.Freshness.Filter
		}
		returned, err = r.Project.Call(ctx, running, "collect_freshness", relation, source.LoadedAtField, filter)
	default:
		return dbt.Problem{
			File: source.OriginalFilePath, Line: max(source.Line, 1),
			Message: fmt.Sprintf("the source %s.%s declares freshness and neither loaded_at_field nor loaded_at_query", source.SourceName, source.Name),
			Hint:    "name the column that says when a row was loaded",
		}
	}
	if err != nil {
		return err
	}
	table, ok := dbt.TableOf(returned)
	if !ok || len(table.Rows) != 1 || len(table.Rows[0]) != 2 {
		return fmt.Errorf("the macro collect_freshness must return one row: max_loaded_at and snapshotted_at")
	}
	if at := table.Columns[0]; strings.EqualFold(at.DataType, "date") {
		return fmt.Errorf("expected a timestamp value when querying %s of %s, got a date", source.LoadedAtField, source.RelationName)
	}
	result.Response = r.said("SELECT", 1)
	return result.judgeAge(table.Rows[0])
}

// judgeAge compares a source's age with what it may be.
func (result *Result) judgeAge(row []any) error {
	source := result.Source
	fresh := &Freshness{MaxLoadedAt: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} // no row: infinitely long ago
	var ok bool
	if row[0] != nil {
		if fresh.MaxLoadedAt, ok = row[0].(time.Time); !ok {
			return fmt.Errorf("expected a timestamp value when querying %s of %s, got %v", source.LoadedAtField, source.RelationName, row[0])
		}
	}
	if fresh.SnapshottedAt, ok = row[1].(time.Time); !ok {
		return fmt.Errorf("expected a timestamp value for snapshotted_at, got %v", row[1])
	}
	result.Freshness = fresh
	result.Status = Pass
	switch {
	case exceeds(fresh, source.Freshness.ErrorAfter):
		result.Status = Error
	case exceeds(fresh, source.Freshness.WarnAfter):
		result.Status = Warn
	}
	return nil
}

func exceeds(fresh *Freshness, allowed *dbt.Age) bool {
	if allowed == nil {
		return false
	}
	periods := map[string]float64{"minute": 60, "hour": 3600, "day": 86400}
	return fresh.seconds() > float64(allowed.Count)*periods[strings.ToLower(allowed.Period)]
}
