package postgres

import (
	"fmt"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Dialect is PostgreSQL's, of version 15 or newer. JSON is json, not jsonb: it
// keeps the text as it was, down to the digits of its numbers.
func Dialect() warehouse.Dialect {
	return warehouse.Dialect{
		Name:               "postgres",
		DefaultSchema:      "public",
		QuoteChar:          `"`,
		IdentifierBytesMax: 63,
		Placeholder:        func(n int) string { return fmt.Sprintf("$%d", n) },
		Types: map[schema.Type]string{
			schema.Text:      "text",
			schema.Integer:   "bigint",
			schema.Double:    "double precision",
			schema.Boolean:   "boolean",
			schema.Date:      "date",
			schema.Timestamp: "timestamp with time zone",
			schema.JSON:      "json",
		},
		SeedTypes: warehouse.SeedTypes{
			Integer:   "integer",
			Number:    "float8",
			Boolean:   "boolean",
			Date:      "date",
			Timestamp: "timestamp without time zone",
			Text:      "text",
		},
		Replace:             warehouse.RenameSwap,
		TransactionalDDL:    true,
		DropCascade:         " cascade",
		ViewsHoldTables:     true,
		Unlogged:            true,
		Analyze:             true,
		Delete:              warehouse.DeleteUsing,
		Merge:               true,
		DefaultStrategy:     "delete+insert",
		AlterType:           " type ",
		Comments:            true,
		EnforcedConstraints: []string{"check", "not_null", "unique", "primary_key", "foreign_key"},
		ListRelations: `
select
    n.nspname as schema_name,
    c.relname as relation_name,
    case c.relkind
        when 'v' then 'view'
        when 'm' then 'materialized_view'
        else 'table'
    end as relation_type
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n
    on c.relnamespace = n.oid
where
    current_database() = $1
    and n.nspname = $2
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname`,
		ListColumns: `
select
    a.attname as column_name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as data_type
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c
    on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n
    on c.relnamespace = n.oid
where
    current_database() = $1
    and n.nspname = $2
    and c.relname = $3
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and a.attnum > 0
    and not a.attisdropped
order by a.attnum`,
	}
}
