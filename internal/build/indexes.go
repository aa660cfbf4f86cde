package build

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// index is one entry of the config indexes.
type index struct {
	columns []string // as they are written: a name or an expression
	unique  bool
	method  string // empty is the database's own choice
}

func configuredIndexes(n *dbt.Node) ([]index, error) {
	value, set := n.Config.Get("indexes")
	if !set || value == nil {
		return nil, nil
	}
	list, ok := value.(*jinja.List)
	if !ok {
		return nil, indexError(n, value)
	}
	var indexes []index
	for _, entry := range list.V {
		i, err := readIndex(n, entry)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, i)
	}
	return indexes, nil
}

func readIndex(n *dbt.Node, entry any) (index, error) {
	d, ok := entry.(*jinja.Dict)
	if !ok {
		return index{}, indexError(n, entry)
	}
	var i index
	columns, _ := d.Get("columns")
	names, ok := columns.(*jinja.List)
	if !ok || len(names.V) == 0 {
		return index{}, indexError(n, entry)
	}
	for _, name := range names.V {
		i.columns = append(i.columns, jinja.Str(name))
	}
	unique, _ := d.Get("unique")
	i.unique = unique == true
	if method, _ := d.Get("type"); method != nil {
		i.method = jinja.Str(method)
	}
	return i, nil
}

func indexError(n *dbt.Node, value any) error {
	return fmt.Errorf("%s: indexes: %s is no index\nhint: indexes: [{columns: [a, b], unique: true}]", n.OriginalFilePath, jinja.Repr(value))
}

// createIndexes makes the indexes of a relation that is new.
func (r *run) createIndexes(ctx context.Context, s *session, n *dbt.Node, relation dbt.Relation) error {
	indexes, err := configuredIndexes(n)
	if err != nil || len(indexes) == 0 {
		return err
	}
	if r.dialect.ListIndexes == "" {
		r.warn("indexes are not made on " + r.dialect.Name + ", as in " + n.OriginalFilePath)
		return nil
	}
	for _, i := range indexes {
		if _, err := s.exec(ctx, r.createIndexSQL(relation, i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) createIndexSQL(relation dbt.Relation, i index) string {
	var b strings.Builder
	b.WriteString("create ")
	if i.unique {
		b.WriteString("unique ")
	}
	b.WriteString("index if not exists " + r.dialect.Quote(r.indexName(relation, i)) + " on " + relation.String())
	if i.method != "" && r.dialect.IndexMethods {
		b.WriteString(" using " + i.method)
	}
	b.WriteString(" (" + strings.Join(i.columns, ", ") + ")")
	return b.String()
}

func (r *run) dropIndexSQL(of dbt.Relation, name string) string {
	return "drop index if exists " + r.dialect.QuoteRelation(warehouse.Relation{Database: of.Database, Schema: of.Schema, Name: name})
}

// dropIndexes removes the indexes that statements made; those of constraints
// are part of the table.
func (m *materialization) dropIndexes(ctx context.Context, of dbt.Relation) error {
	present, err := m.listIndexes(ctx, of)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if _, err := m.exec(ctx, m.dropIndexSQL(of, name)); err != nil {
			return err
		}
	}
	return nil
}

// listIndexes are the indexes of a relation by name.
func (m *materialization) listIndexes(ctx context.Context, of dbt.Relation) (map[string]index, error) {
	table, err := m.session.fetch(ctx, -1, m.dialect.ListIndexes, of.Database, of.Schema, of.Identifier)
	if err != nil {
		return nil, fmt.Errorf("list indexes of %s: %w", of, err)
	}
	indexes := map[string]index{}
	for _, row := range table.Rows {
		unique, isBool := row[2].(bool)
		if !isBool {
			return nil, fmt.Errorf("list indexes of %s: the third column is no boolean", of)
		}
		indexes[fmt.Sprint(row[0])] = index{columns: strings.Split(fmt.Sprint(row[3]), ","), unique: unique, method: fmt.Sprint(row[1])}
	}
	return indexes, nil
}

// indexName is dbt's: a digest of what is indexed and of the moment, because
// the index of the relation that is replaced still has its name.
func (r *run) indexName(relation dbt.Relation, i index) string {
	unique, method := "False", "None"
	if i.unique {
		unique = "True"
	}
	if i.method != "" {
		method = i.method
	}
	now := r.Now().UTC().Format("2006-01-02T15:04:05.000000")
	parts := slices.Concat(i.columns, []string{relation.String(), unique, method, now})
	sum := md5.Sum([]byte(strings.Join(parts, "_")))
	return hex.EncodeToString(sum[:])
}

// same compares by columns without order, uniqueness and method.
func (i index) same(other index) bool { return i.identity() == other.identity() }

func (i index) identity() string {
	columns := make([]string, len(i.columns))
	for k, c := range i.columns {
		columns[k] = strings.ToLower(c)
	}
	slices.Sort(columns)
	method := i.method
	if method == "" {
		method = "btree"
	}
	return fmt.Sprintf("%s %v %s", method, i.unique, strings.Join(columns, ","))
}
