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
		TransactionalDDL:    true,
		AlwaysTransacts:     true,
		HeadsErrors:         true,
		DropCascade:         " cascade",
		ViewsHoldTables:     true,
		Unlogged:            true,
		Analyze:             true,
		Merge:               true,
		BatchesMerge:        true,
		DefaultStrategy:     "delete+insert",
		InsertTag:           "INSERT 0",
		Folding:             warehouse.FoldLower,
		IndexMethods:        true,
		MaterializedViews:   true,
		ContractTypes:       contractTypes(),
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
		Catalog: `
select
    c.relname as table_name,
    case c.relkind
        when 'v' then 'VIEW'
        when 'm' then 'MATERIALIZED VIEW'
        else 'BASE TABLE'
    end as relation_type,
    pg_catalog.obj_description(c.oid, 'pg_class') as relation_comment,
    pg_catalog.pg_get_userbyid(c.relowner)::text as owner,
    a.attname as column_name,
    a.attnum::bigint as column_index,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as data_type,
    pg_catalog.col_description(c.oid, a.attnum) as column_comment
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n
    on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a
    on c.oid = a.attrelid
where
    current_database() = $1
    and lower(n.nspname) = lower($2)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.relpersistence in ('p', 'u')
    and a.attnum > 0
    and not a.attisdropped
order by c.relname, a.attnum`,
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
		ListDependents: `
select distinct
    referenced_namespace.nspname as schema_name,
    referenced.relname as relation_name,
    dependent_namespace.nspname as dependent_schema_name,
    dependent.relname as dependent_name
from pg_catalog.pg_rewrite as rule
inner join pg_catalog.pg_class as dependent
    on rule.ev_class = dependent.oid
inner join pg_catalog.pg_namespace as dependent_namespace
    on dependent.relnamespace = dependent_namespace.oid
inner join pg_catalog.pg_depend as needs
    on
        needs.classid = 'pg_catalog.pg_rewrite'::regclass
        and needs.objid = rule.oid
        and needs.refclassid = 'pg_catalog.pg_class'::regclass
        and needs.refobjid <> dependent.oid
inner join pg_catalog.pg_class as referenced
    on needs.refobjid = referenced.oid
inner join pg_catalog.pg_namespace as referenced_namespace
    on referenced.relnamespace = referenced_namespace.oid
where
    dependent_namespace.nspname not in ('pg_catalog', 'information_schema')
    and referenced_namespace.nspname not in ('pg_catalog', 'information_schema')`,
		ListGrants: `
select grantee, privilege_type
from information_schema.role_table_grants
where
    grantor = current_role
    and grantee <> current_role
    and table_schema = $1
    and table_name = $2
order by grantee, privilege_type`,
		ListIndexes: `
select
    named.relname as index_name,
    method.amname as index_method,
    i.indisunique as is_unique,
    pg_catalog.string_agg(a.attname, ',' order by a.attnum) as column_names
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as named
    on i.indexrelid = named.oid
inner join pg_catalog.pg_am as method
    on named.relam = method.oid
inner join pg_catalog.pg_class as indexed
    on i.indrelid = indexed.oid
inner join pg_catalog.pg_namespace as n
    on indexed.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a
    on
        indexed.oid = a.attrelid
        and a.attnum = any(i.indkey)
where
    current_database() = $1
    and n.nspname = $2
    and indexed.relname = $3
group by named.relname, method.amname, i.indisunique
order by named.relname`,
	}
}

// contractTypes are the labels that dbt's driver of this database knows types
// by: a contract does not tell apart what has one label.
func contractTypes() map[string]string {
	return map[string]string{
		"smallint": "INTEGER", "integer": "INTEGER", "bigint": "LONGINTEGER",
		"real": "FLOAT", "double precision": "FLOAT", "numeric": "DECIMAL",
		"text": "TEXT", "character varying": "TEXT", "character": "TEXT", "bpchar": "TEXT", "name": "TEXT", `"char"`: "TEXT",
		"boolean": "BOOLEAN", "bytea": "BINARY", "oid": "ROWID",
		"date": "DATE", "timestamp without time zone": "DATETIME", "timestamp with time zone": "DATETIMETZ",
		"time without time zone": "TIME", "time with time zone": "TIME", "interval": "INTERVAL",
		"json": "JSON", "jsonb": "JSONB",
		"smallint[]": "INTEGERARRAY", "integer[]": "INTEGERARRAY", "bigint[]": "LONGINTEGERARRAY",
		"real[]": "FLOATARRAY", "double precision[]": "FLOATARRAY", "numeric[]": "DECIMALARRAY",
		"text[]": "STRINGARRAY", "character varying[]": "STRINGARRAY", "character[]": "STRINGARRAY", "bpchar[]": "STRINGARRAY", "name[]": "STRINGARRAY",
		"boolean[]": "BOOLEANARRAY", "bytea[]": "BINARYARRAY",
		"date[]": "DATEARRAY", "timestamp without time zone[]": "DATETIMEARRAY", "timestamp with time zone[]": "DATETIMETZARRAY",
		"json[]": "JSONARRAY", "jsonb[]": "JSONBARRAY",
	}
}
