package warehouse

import (
	"context"
	"fmt"
)

// HasSchema reports whether a schema is there, in whatever case it is written:
// so dbt asks too. Who means to create one asks first, because a role that may
// not create schemas can work in those it was given, but is refused
// `create schema if not exists`.
func HasSchema(ctx context.Context, conn Conn, d Dialect, database, schema string) (bool, error) {
	query, args := "select 1 from information_schema.schemata where lower(schema_name) = lower("+d.Placeholder(1)+")", []any{schema}
	if database != "" {
		query += " and lower(catalog_name) = lower(" + d.Placeholder(2) + ")"
		args = append(args, database)
	}
	found, err := Fetch(ctx, conn, 1, query, args...)
	if err != nil {
		return false, fmt.Errorf("look for schema %s: %w", schema, err)
	}
	return len(found.Rows) > 0, nil
}
