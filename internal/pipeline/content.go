package pipeline

import (
	"context"
	"iter"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Content is what the tables of a load hold, as they say it themselves: the one
// row of loaded_extract, swapped in with them. Whose run it was that loaded
// them, and from which folder, does not matter.
type Content struct {
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
		},
	}
}

func (c Content) rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		yield([]any{c.ExtractID, c.Source, c.DataTimestamp, c.Digest, c.Records, c.Quarantined}, nil)
	}
}

// readContent asks the tables of a schema what they hold; nil when they do not
// say.
func readContent(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, in, noun string) (*Content, error) {
	found, err := warehouse.Fetch(ctx, conn, 1,
		"select 1 from information_schema.tables where table_schema = "+d.Placeholder(1)+" and table_name = "+d.Placeholder(2),
		in, contentName)
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	c := &Content{Noun: noun}
	relation := warehouse.Relation{Schema: in, Name: contentName}
	found, err = warehouse.Fetch(ctx, conn, 1, "select "+d.QuoteAll(columnNames(c.table()))+" from "+d.QuoteRelation(relation))
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	row := found.Rows[0]
	for i, text := range []*string{&c.ExtractID, &c.Source, &c.DataTimestamp, &c.Digest} {
		*text, _ = row[i].(string)
	}
	c.Records, _ = row[4].(int64)
	c.Quarantined, _ = row[5].(int64)
	return c, nil
}
