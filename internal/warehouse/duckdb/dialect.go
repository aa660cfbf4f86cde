package duckdb

import (
	"fmt"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Dialect is DuckDB's.
func Dialect() warehouse.Dialect {
	return warehouse.Dialect{
		Name:          "duckdb",
		DefaultSchema: "main",
		QuoteChar:     `"`,
		ManyDatabases: true,
		Placeholder:   func(n int) string { return fmt.Sprintf("$%d", n) },
		Types: map[schema.Type]string{
			schema.Text:      "varchar",
			schema.Integer:   "bigint",
			schema.Double:    "double",
			schema.Boolean:   "boolean",
			schema.Date:      "date",
			schema.Timestamp: "timestamp with time zone",
			schema.JSON:      "json",
		},
		SeedTypes: warehouse.SeedTypes{
			Integer:   "integer",
			Number:    "double",
			Boolean:   "boolean",
			Date:      "date",
			Timestamp: "timestamp",
			Text:      "varchar",
		},
		TransactionalDDL:    true,
		DropCascade:         " cascade",
		Merge:               true,
		MergeClauses:        true,
		ConcurrentBatches:   true,
		DefaultStrategy:     "delete+insert",
		AlterType:           " set data type ",
		Comments:            true,
		IndexesPinTables:    true,
		EnforcedConstraints: []string{"check", "not_null", "unique", "primary_key", "foreign_key"},
		LocalForeignKeys:    true,
		ListRelations: `
select schema_name, table_name, 'table' as relation_type
from duckdb_tables()
where lower(database_name) = lower($1) and lower(schema_name) = lower($2) and not temporary
union all
select schema_name, view_name, 'view' as relation_type
from duckdb_views()
where lower(database_name) = lower($1) and lower(schema_name) = lower($2) and not temporary
order by all`,
		ListColumns: `
select column_name, data_type
from duckdb_columns()
where lower(database_name) = lower($1) and lower(schema_name) = lower($2) and lower(table_name) = lower($3)
order by column_index`,
		ListReferencing: `
select distinct table_name
from duckdb_constraints()
where constraint_type = 'FOREIGN KEY'
    and lower(database_name) = lower($1) and lower(schema_name) = lower($2) and lower(referenced_table) = lower($3)
    and lower(table_name) <> lower(referenced_table)
order by table_name`,
		ListIndexes: `
select
    index_name,
    'art' as index_method,
    is_unique,
    expressions as column_names
from duckdb_indexes()
where lower(database_name) = lower($1) and lower(schema_name) = lower($2) and lower(table_name) = lower($3)
order by index_name`,
		Catalog: `
with relations as (
    select database_name, schema_name, table_name, 'BASE TABLE' as relation_type, comment
    from duckdb_tables()
    where not temporary
    union all
    select database_name, schema_name, view_name, 'VIEW', comment
    from duckdb_views()
    where not temporary
)

select
    r.table_name,
    r.relation_type,
    r.comment,
    null as owner,
    c.column_name,
    c.column_index::bigint as column_index,
    c.data_type,
    c.comment
from relations as r
inner join duckdb_columns() as c
    on r.database_name = c.database_name
    and r.schema_name = c.schema_name
    and r.table_name = c.table_name
where lower(r.database_name) = lower($1) and lower(r.schema_name) = lower($2)
order by r.table_name, c.column_index`,
	}
}
