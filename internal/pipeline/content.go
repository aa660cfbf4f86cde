package pipeline

import (
	"context"
	"iter"

	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Content is what the staging tables hold, as they say it themselves: the one
// row of staging.loaded_extract, swapped in with them. Whose run it was that
// loaded them, and from which folder, does not matter.
type Content struct {
	ExtractID, Source, DataTimestamp string
	// Digest covers every record: extracts with one digest hold the same.
	Digest               string
	Studies, Quarantined int64
}

var contentTable = schema.Table{
	Name: "loaded_extract", Key: []string{"extract_id"},
	Columns: []schema.Column{
		{Name: "extract_id", Type: schema.Text},
		{Name: "source", Type: schema.Text},
		{Name: "data_timestamp", Type: schema.Text},
		{Name: "digest", Type: schema.Text},
		{Name: "studies", Type: schema.Integer},
		{Name: "quarantined", Type: schema.Integer},
	},
}

func contentOf(s lake.Snapshot) Content {
	return Content{
		ExtractID: s.ID, Source: s.Source, DataTimestamp: s.DataTimestamp, Digest: s.Compacted.Digest,
		Studies: int64(s.Studies), Quarantined: int64(s.Quarantined),
	}
}

func (c Content) rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		yield([]any{c.ExtractID, c.Source, c.DataTimestamp, c.Digest, c.Studies, c.Quarantined}, nil)
	}
}

// readContent asks the staging tables what they hold; nil when they do not say.
func readContent(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect) (*Content, error) {
	found, err := warehouse.Fetch(ctx, conn, 1,
		"select 1 from information_schema.tables where table_schema = "+d.Placeholder(1)+" and table_name = "+d.Placeholder(2),
		StagingSchema, contentTable.Name)
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	relation := warehouse.Relation{Schema: StagingSchema, Name: contentTable.Name}
	found, err = warehouse.Fetch(ctx, conn, 1, "select "+d.QuoteAll(columnNames(contentTable))+" from "+d.QuoteRelation(relation))
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	row, c := found.Rows[0], &Content{}
	for i, text := range []*string{&c.ExtractID, &c.Source, &c.DataTimestamp, &c.Digest} {
		*text, _ = row[i].(string)
	}
	c.Studies, _ = row[4].(int64)
	c.Quarantined, _ = row[5].(int64)
	return c, nil
}
