package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// cache knows which relations exist. Each schema is listed once, when it is
// first asked about; from then on the run's own changes are recorded here.
// Names are compared as the database compares them.
type cache struct {
	dialect warehouse.Dialect
	mu      sync.Mutex
	schemas map[string]map[string]known
	columns map[string][]dbt.Column // of relations, until they change
	over    map[place][]place       // what is defined over a relation; nil until asked
}

// name of a relation without its database, for both keys of the maps.
type place struct{ schema, name string }

type known struct {
	name string
	kind dbt.RelationType
}

func newCache(d warehouse.Dialect) *cache {
	return &cache{dialect: d, schemas: map[string]map[string]known{}, columns: map[string][]dbt.Column{}}
}

// lookup finds a relation; the one returned has its type and its own spelling.
func (c *cache) lookup(ctx context.Context, s *session, wanted dbt.Relation) (dbt.Relation, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	relations, err := c.list(ctx, s, wanted.Database, wanted.Schema)
	if err != nil {
		return dbt.Relation{}, false, err
	}
	found, ok := relations[c.fold(wanted.Identifier)]
	if !ok {
		return dbt.Relation{}, false, nil
	}
	wanted.Identifier, wanted.Type = found.name, found.kind
	return wanted, true, nil
}

// relations lists a schema, by name.
func (c *cache) relations(ctx context.Context, s *session, database, schema string) ([]dbt.Relation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	there, err := c.list(ctx, s, database, schema)
	if err != nil {
		return nil, err
	}
	var relations []dbt.Relation
	for _, key := range slices.Sorted(maps.Keys(there)) {
		relations = append(relations, dbt.Relation{
			Database: database, Schema: schema, Identifier: there[key].name, Type: there[key].kind, Quote: quoteAll,
		})
	}
	return relations, nil
}

// forget has a schema listed again, because something changed it that does not
// say what.
func (c *cache) forget(database, schema string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.schemas, c.fold(database)+"\x00"+c.fold(schema))
	clear(c.columns)
}

// list is called with the lock held: two workers must not list one schema
// while a third changes it.
func (c *cache) list(ctx context.Context, s *session, database, schema string) (map[string]known, error) {
	key := c.fold(database) + "\x00" + c.fold(schema)
	if relations, ok := c.schemas[key]; ok {
		return relations, nil
	}
	table, err := s.fetch(ctx, -1, c.dialect.ListRelations, database, schema)
	if err != nil {
		return nil, fmt.Errorf("list relations of schema %s: %w", schema, err)
	}
	relations := make(map[string]known, len(table.Rows))
	for _, row := range table.Rows {
		name, kind := fmt.Sprint(row[1]), fmt.Sprint(row[2])
		relations[c.fold(name)] = known{name, dbt.RelationType(kind)}
	}
	if err := c.link(ctx, s); err != nil {
		return nil, err
	}
	c.schemas[key] = relations
	return relations, nil
}

// link learns, once, which relations go when others are dropped. What a run
// itself defines over a relation comes after that relation was made.
func (c *cache) link(ctx context.Context, s *session) error {
	if c.over != nil || c.dialect.ListDependents == "" {
		return nil
	}
	table, err := s.fetch(ctx, -1, c.dialect.ListDependents)
	if err != nil {
		return fmt.Errorf("list dependent relations: %w", err)
	}
	c.over = map[place][]place{}
	for _, row := range table.Rows {
		under := place{c.fold(fmt.Sprint(row[0])), c.fold(fmt.Sprint(row[1]))}
		c.over[under] = append(c.over[under], place{c.fold(fmt.Sprint(row[2])), c.fold(fmt.Sprint(row[3]))})
	}
	return nil
}

// put records what a committed change made of a relation.
func (c *cache) put(r dbt.Relation) {
	c.change(r, func(relations map[string]known) {
		relations[c.fold(r.Identifier)] = known{r.Identifier, r.Type}
	})
}

// drop records that a relation is gone.
func (c *cache) drop(r dbt.Relation) {
	c.change(r, func(relations map[string]known) { delete(relations, c.fold(r.Identifier)) })
}

// dropOver records that a relation was dropped with all that was defined over
// it, though another may have its name by now.
func (c *cache) dropOver(r dbt.Relation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgetOver(c.fold(r.Database), place{c.fold(r.Schema), c.fold(r.Identifier)})
}

func (c *cache) forgetOver(database string, under place) {
	dependents := c.over[under]
	delete(c.over, under)
	for _, p := range dependents {
		delete(c.schemas[database+"\x00"+p.schema], p.name)
		c.forgetOver(database, p)
	}
}

func (c *cache) change(r dbt.Relation, apply func(map[string]known)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.columns, c.columnsKey(r))
	if relations, ok := c.schemas[c.fold(r.Database)+"\x00"+c.fold(r.Schema)]; ok {
		apply(relations)
	}
}

// knownColumns remembers what list finds for a relation until a model changes
// it. It is for unit tests: many ask for the columns of the same few inputs,
// and none of them changes a table behind the cache's back.
func (c *cache) knownColumns(r dbt.Relation, list func() ([]dbt.Column, error)) ([]dbt.Column, error) {
	c.mu.Lock()
	columns, ok := c.columns[c.columnsKey(r)]
	c.mu.Unlock()
	if ok {
		return columns, nil
	}
	columns, err := list()
	if err != nil || len(columns) == 0 {
		return columns, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.columns[c.columnsKey(r)] = columns
	return columns, nil
}

func (c *cache) columnsKey(r dbt.Relation) string {
	return c.fold(r.Database) + "\x00" + c.fold(r.Schema) + "\x00" + c.fold(r.Identifier)
}

// fold makes names equal that the database takes for one: where bare names are
// folded, those in quotes differ by case.
func (c *cache) fold(name string) string {
	if c.dialect.Folding != warehouse.FoldNothing {
		return name
	}
	return strings.ToLower(name)
}
