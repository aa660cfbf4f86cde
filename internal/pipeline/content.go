package pipeline

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Content is what the tables of a load hold, as they say it themselves: the one
// row of loaded_extract, swapped in with them. Whose run it was that loaded
// them, and from which folder, does not matter; of which pipeline does.
type Content struct {
	// Pipeline is the one that the schema belongs to.
	Pipeline                         string
	ExtractID, Source, DataTimestamp string
	// Digest covers every record: extracts with one digest hold the same.
	Digest string
	// Noun is what records are called, and the column that counts them.
	Noun                 string
	Records, Quarantined int64
}

const contentName = "loaded_extract"

func (c Content) table() schema.Table {
	return schema.Table{
		Name: contentName, Key: []string{"extract_id"},
		Columns: []schema.Column{
			{Name: "extract_id", Type: schema.Text},
			{Name: "source", Type: schema.Text},
			{Name: "data_timestamp", Type: schema.Text},
			{Name: "digest", Type: schema.Text},
			{Name: c.Noun, Type: schema.Integer},
			{Name: "quarantined", Type: schema.Integer},
			{Name: "pipeline", Type: schema.Text},
		},
	}
}

func (c Content) rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		yield([]any{c.ExtractID, c.Source, c.DataTimestamp, c.Digest, c.Records, c.Quarantined, c.Pipeline}, nil)
	}
}

// readContent asks the tables of a schema what they hold; nil when they do not
// say.
func readContent(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, in string) (*Content, error) {
	there, err := tablesIn(ctx, conn, d, in)
	if err != nil || !slices.Contains(there, contentName) {
		return nil, err
	}
	relation := warehouse.Relation{Schema: in, Name: contentName}
	found, err := warehouse.Fetch(ctx, conn, 1, "select * from "+d.QuoteRelation(relation))
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	c, values := &Content{}, map[string]any{} // loads of other versions say more, or less
	for i, column := range found.Columns {
		values[column.Name] = found.Rows[0][i]
	}
	for name, text := range map[string]*string{
		"extract_id": &c.ExtractID, "source": &c.Source, "data_timestamp": &c.DataTimestamp, "digest": &c.Digest, "pipeline": &c.Pipeline,
	} {
		*text, _ = values[name].(string)
	}
	return c, nil
}

// tablesIn are the tables of a schema, not of one of its name in a database that
// is attached.
func tablesIn(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, in string) ([]string, error) {
	found, err := warehouse.Fetch(ctx, conn, -1,
		"select table_name from information_schema.tables where table_catalog = current_database() and table_schema = "+d.Placeholder(1)+" order by 1", in)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", in, err)
	}
	names := make([]string, len(found.Rows))
	for i, row := range found.Rows {
		names[i], _ = row[0].(string)
	}
	return names, nil
}

// SchemaOwnerError says that a schema holds what this pipeline must not replace.
type SchemaOwnerError struct {
	Schema, Pipeline string
	// Owner is the pipeline that loaded the schema; empty where none did, and
	// Table is in the way.
	Owner, Table string
}

func (e *SchemaOwnerError) Error() string {
	if e.Owner == "" {
		return fmt.Sprintf("%s.%s is there, no pipeline has loaded it, and %s may not replace it", e.Schema, e.Table, e.Pipeline)
	}
	return fmt.Sprintf("schema %s belongs to the pipeline %s, and %s may not replace its tables", e.Schema, e.Owner, e.Pipeline)
}

// Hint is what to type.
func (e *SchemaOwnerError) Hint() string {
	name := strings.ReplaceAll(e.Pipeline, "-", "_")
	hint := fmt.Sprintf("`schema: raw_%s` in pipeline.yml, and in the sources of the dbt project, gives %s a schema of its own", name, e.Pipeline)
	if e.Owner != "" {
		return hint + fmt.Sprintf("; if %s is no more, drop the schema %s first", e.Owner, e.Schema)
	}
	return hint
}

// ExamineSchema says what a schema holds, nil for nothing that was loaded, and
// refuses one whose tables are not this pipeline's to replace. Loads that did
// not say whose they are belong to whoever loads next.
func ExamineSchema(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, in, pipeline string, tables []string) (*Content, error) {
	holds, err := readContent(ctx, conn, d, in)
	if err != nil {
		return nil, err
	}
	if holds != nil {
		return holds, holds.ownedBy(pipeline, in)
	}
	there, err := tablesIn(ctx, conn, d, in)
	if err != nil {
		return nil, err
	}
	for _, name := range tables {
		if slices.Contains(there, name) {
			return nil, &SchemaOwnerError{Schema: in, Pipeline: pipeline, Table: name}
		}
	}
	return nil, nil
}

func (l *tableLoader) ensureOurs(ctx context.Context) error {
	var tables []string
	for _, t := range l.all() {
		tables = append(tables, t.Name)
	}
	_, err := ExamineSchema(ctx, l.conn, l.dialect, l.schema, l.content.Pipeline, tables)
	return err
}

func (c *Content) ownedBy(pipeline, in string) error {
	if c.Pipeline == "" || c.Pipeline == pipeline {
		return nil
	}
	return &SchemaOwnerError{Schema: in, Pipeline: pipeline, Owner: c.Pipeline}
}
