package dbt

import (
	"context"
	"strings"
	"sync"

	"apotheca/internal/jinja"
)

// sharedGraph is `graph` while nodes run: one mapping for all of them, in which
// packages keep what they want to remember until the end of the run.
type sharedGraph struct {
	once sync.Once
	dict *jinja.Dict
	// written means that macros speak of the graph, and may change it. Then
	// templates run one at a time, save while they wait for the database.
	written bool
	lock    sync.Mutex
}

// findGraphUses notes whether macros of the project or of packages may write
// into the graph.
func (p *Project) findGraphUses() {
	for _, m := range p.Macros {
		if m.PackageName != builtinName && strings.Contains(m.SQL, "graph.") {
			p.graph.written = true
			return
		}
	}
}

// graphValue is `graph` in templates.
func (s *scope) graphValue() *jinja.Dict {
	if !s.execute {
		return s.p.graphDict()
	}
	// What templates write into the graph must not reach what nodes are.
	s.p.graph.once.Do(func() { s.p.graph.dict, _ = jinja.DeepCopy(s.p.graphDict()).(*jinja.Dict) })
	return s.p.graph.dict
}

// held marks the context of templates that run alone.
type held struct{}

// alone runs templates so that no others change the graph at the same time.
func (s *scope) alone(ctx context.Context, run func(context.Context) error) error {
	if !s.execute || !s.p.graph.written || ctx.Value(held{}) == true {
		return run(ctx)
	}
	s.p.graph.lock.Lock()
	defer s.p.graph.lock.Unlock()
	return run(context.WithValue(ctx, held{}, true))
}

// waiting is an adapter that lets the templates of others run in the meantime.
type waiting struct {
	Adapter
	lock *sync.Mutex
}

// letOthers gives the lock away until again is called.
func (w waiting) letOthers(ctx context.Context) (_ context.Context, again func()) {
	if ctx.Value(held{}) != true {
		return ctx, func() {}
	}
	w.lock.Unlock()
	return context.WithValue(ctx, held{}, false), w.lock.Lock
}

func (w waiting) Query(ctx context.Context, sql string) (*Table, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Query(ctx, sql)
}

func (w waiting) Execute(ctx context.Context, s Statement) (*Table, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Execute(ctx, s)
}

func (w waiting) Step(ctx context.Context, t *Templates, name string, args []any) (any, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Step(ctx, t, name, args)
}

func (w waiting) Relation(ctx context.Context, database, schema, identifier string) (Relation, bool, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Relation(ctx, database, schema, identifier)
}

func (w waiting) Relations(ctx context.Context, database, schema string) ([]Relation, bool, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Relations(ctx, database, schema)
}

func (w waiting) Columns(ctx context.Context, relation Relation) ([]Column, error) {
	ctx, again := w.letOthers(ctx)
	defer again()
	return w.Adapter.Columns(ctx, relation)
}
