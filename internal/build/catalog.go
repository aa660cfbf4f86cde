package build

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// WriteCatalog writes catalog.json: the relations of the selected nodes and of
// all sources as the database has them. What does not exist is not in it;
// without ask it is empty.
func WriteCatalog(ctx context.Context, o Options, ask bool) error {
	o.Command, o.Threads = Generate, 1
	r, err := newRun(ctx, o)
	if err != nil {
		return err
	}
	defer r.close()
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	file := catalogFile{Metadata: r.artifactMetadata("catalog/v1"), Nodes: map[string]catalogTable{}, Sources: map[string]catalogTable{}}
	tables := &catalogReader{run: r, session: s, known: map[string]map[string]catalogTable{}}
	if !ask {
		return r.writeWhole("catalog.json", func(w io.Writer) error { return encode(w, file) })
	}
	for _, id := range slices.Sorted(slices.Values(o.IDs)) {
		n := r.Project.Nodes[id]
		if n == nil || n.RelationName == "" || n.ResourceType == dbt.DataTest {
			continue
		}
		if err := tables.add(ctx, file.Nodes, id, r.Project.Relation(n)); err != nil {
			return err
		}
	}
	for id, source := range r.Project.Sources {
		if err := tables.add(ctx, file.Sources, id, r.Project.SourceRelation(source)); err != nil {
			return err
		}
	}
	return r.writeWhole("catalog.json", func(w io.Writer) error { return encode(w, file) })
}

// catalogFile is target/catalog.json, version 1.
type catalogFile struct {
	Metadata artifactMetadata        `json:"metadata"`
	Nodes    map[string]catalogTable `json:"nodes"`
	Sources  map[string]catalogTable `json:"sources"`
	Errors   []string                `json:"errors"`
}

type catalogTable struct {
	Metadata catalogMetadata        `json:"metadata"`
	Columns  catalogColumns         `json:"columns"`
	Stats    map[string]catalogStat `json:"stats"`
	UniqueID string                 `json:"unique_id"`
}

type catalogMetadata struct {
	Type     string  `json:"type"`
	Schema   string  `json:"schema"`
	Name     string  `json:"name"`
	Database string  `json:"database"`
	Comment  *string `json:"comment"`
	Owner    *string `json:"owner"`
}

type catalogColumn struct {
	Type    string  `json:"type"`
	Index   int64   `json:"index"`
	Name    string  `json:"name"`
	Comment *string `json:"comment"`
}

// catalogColumns is a JSON object in the order of the table.
type catalogColumns []catalogColumn

func (columns catalogColumns) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

type catalogStat struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Value       any    `json:"value"`
	Include     bool   `json:"include"`
	Description string `json:"description"`
}

// catalogReader asks the database once for each schema.
type catalogReader struct {
	run     *run
	session *session
	known   map[string]map[string]catalogTable
}

func (c *catalogReader) add(ctx context.Context, to map[string]catalogTable, id string, relation dbt.Relation) error {
	key := strings.ToLower(relation.Database + "\x00" + relation.Schema)
	tables, ok := c.known[key]
	if !ok {
		var err error
		if tables, err = c.read(ctx, relation.Database, relation.Schema); err != nil {
			return err
		}
		c.known[key] = tables
	}
	if table, ok := tables[strings.ToLower(relation.Identifier)]; ok {
		table.UniqueID = id
		to[id] = table
	}
	return nil
}

func (c *catalogReader) read(ctx context.Context, database, schema string) (map[string]catalogTable, error) {
	table, err := c.session.fetch(ctx, -1, c.run.dialect.Catalog, database, schema)
	if err != nil {
		return nil, fmt.Errorf("read catalog of %s: %w", schema, err)
	}
	tables := map[string]catalogTable{}
	for _, row := range table.Rows {
		if len(row) != 8 {
			return nil, fmt.Errorf("read catalog of %s: %d columns, want 8", schema, len(row))
		}
		name := fmt.Sprint(row[0])
		t, ok := tables[strings.ToLower(name)]
		if !ok {
			t = catalogTable{Stats: withoutStats(), Metadata: catalogMetadata{
				Type: fmt.Sprint(row[1]), Schema: schema, Name: name, Database: database, Comment: comment(row[2]), Owner: comment(row[3]),
			}}
		}
		index, _ := row[5].(int64)
		t.Columns = append(t.Columns, catalogColumn{Name: fmt.Sprint(row[4]), Index: index, Type: fmt.Sprint(row[6]), Comment: comment(row[7])})
		tables[strings.ToLower(name)] = t
	}
	return tables, nil
}

func comment(value any) *string {
	if value == nil {
		return nil
	}
	text := strings.TrimSpace(fmt.Sprint(value))
	return &text
}

// withoutStats is how dbt says that an adapter tells nothing of a table's size.
func withoutStats() map[string]catalogStat {
	return map[string]catalogStat{"has_stats": {
		ID: "has_stats", Label: "Has Stats?", Value: false, Include: false,
		Description: "Indicates whether there are statistics for this table",
	}}
}
