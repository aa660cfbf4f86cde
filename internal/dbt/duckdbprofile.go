package dbt

import (
	"fmt"
	"path"
	"strings"

	"apotheca/internal/jinja"
)

// completeDuckDB fills in what a profile of DuckDB leaves open.
func (t *Target) completeDuckDB() {
	if t.Schema == "" {
		t.Schema = "main"
	}
	if t.Database == "" {
		t.Database = duckdbCatalog(t.credential("path"))
	}
}

// duckdbCatalog is what DuckDB calls the database of a file: the first part of
// its name between dots.
func duckdbCatalog(file string) string {
	if file == "" || file == ":memory:" {
		return "memory"
	}
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	name, _, _ := strings.Cut(strings.TrimLeft(base, "."), ".")
	return name
}

// checkDuckDB holds the database that a profile names against the one it opens
// and those it attaches.
func (t *Target) checkDuckDB() error {
	own := duckdbCatalog(t.credential("path"))
	if t.Type != "duckdb" || t.Database == own {
		return nil
	}
	attached, _ := t.Credentials.Get("attach")
	if list, ok := attached.(*jinja.List); ok {
		for _, entry := range list.V {
			if d, ok := entry.(*jinja.Dict); ok {
				if alias, _ := d.Get("alias"); alias != nil && jinja.Str(alias) == t.Database {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("Inconsistency detected between 'path' and 'database' fields in profile; the 'database' property must be set to '%s' to match the 'path'", own)
}

// duckdbDefaults are the keys that templates see in target although the profile
// does not write them.
func duckdbDefaults() *jinja.Dict {
	return jinja.NewDict(
		"path", ":memory:", "config_options", nil, "extensions", nil, "settings", jinja.NewDict(), "external_root", ".",
		"use_credential_provider", nil, "attach", nil, "filesystems", nil, "remote", nil, "plugins", nil, "disable_transactions", false,
	)
}
