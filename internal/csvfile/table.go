package csvfile

import (
	"cmp"
	"slices"

	"apotheca/internal/schema"
)

// Table says what the files of a table look like.
type Table struct {
	Name      string
	Delimiter byte // 0 is a comma
	Columns   []Column
	// Key is the column or columns that name a row.
	Key []string
	// Watermark is the column that tells which of two rows of one key is the
	// newer; empty where there is none.
	Watermark string
	Grain     string
	// Silent: no value is said in messages.
	Silent bool
}

// Column is one column of a table.
type Column struct {
	Name string
	// Header is its name in the files, in any case; empty is the same name.
	Header   string
	Type     schema.Type
	Required bool
	// PII: its values are personal data.
	PII bool
	// Offset is the integer column that keeps the offset of a timestamp, in
	// minutes east of UTC; empty where only the instant is kept.
	Offset string
	// UTC: a timestamp without an offset is in UTC. Otherwise it is a mistake.
	UTC bool
	// References is the table and column one of whose values this one is.
	References Reference
	Note       string
}

// Reference names a column of another table.
type Reference struct{ Table, Column string }

func (c Column) header() string { return cmp.Or(c.Header, c.Name) }

func (t *Table) delimiter() byte { return cmp.Or(t.Delimiter, ',') }

// HasPII reports whether any column holds personal data.
func (t *Table) HasPII() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.PII })
}

// Schema is the table the files become: the columns in their order, each
// offset behind its timestamp.
func (t *Table) Schema() schema.Table {
	out := schema.Table{Name: t.Name, Key: t.Key, Description: t.Grain}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, schema.Column{
			Name: c.Name, Type: c.Type, Nullable: !c.Required, Description: c.Note,
		})
		if c.Offset != "" {
			out.Columns = append(out.Columns, schema.Column{
				Name: c.Offset, Type: schema.Integer, Nullable: !c.Required,
				Description: "minutes east of UTC of " + c.Name,
			})
		}
	}
	return out
}
