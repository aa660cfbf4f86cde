package main

import (
	"fmt"
	"slices"
	"strings"
)

// projectTexts are the files of a dbt project over proposed tables: sources,
// one model a table with its tests, and a profile for both warehouses.
func projectTexts(name string, tables []*proposal) map[string]string {
	project := strings.ReplaceAll(name, "-", "_")
	texts := map[string]string{
		"dbt_project.yml": fmt.Sprintf(`name: %[1]s
version: 1.0.0
config-version: 2
profile: %[1]s

models:
  %[1]s:
    +materialized: table
%[2]s`, project, guardText(tables)),
		"profiles.yml": fmt.Sprintf(profileText, project),
		".gitignore":   "/target/\n/logs/\n",
	}
	var sources strings.Builder
	fmt.Fprintf(&sources, "sources:\n  - name: raw\n    schema: raw_%s\n    tables:\n", project)
	for _, t := range tables {
		t.source(&sources)
		texts["models/stg_"+t.name+".sql"] = t.model()
		texts["models/stg_"+t.name+".yml"] = t.properties()
	}
	texts["models/_sources.yml"] = sources.String()
	return texts
}

const profileText = `%[1]s:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('APOTHECA_WAREHOUSE', 'apotheca-data/warehouse.duckdb') }}"
      schema: %[1]s

    postgres:
      type: postgres
      host: "{{ env_var('PGHOST', 'localhost') }}"
      port: "{{ env_var('PGPORT', '5432') | as_number }}"
      user: "{{ env_var('PGUSER', 'apotheca') }}"
      password: "{{ env_var('PGPASSWORD', '') }}"
      dbname: "{{ env_var('PGDATABASE', 'apotheca') }}"
      sslmode: "{{ env_var('PGSSLMODE', 'prefer') }}"
      schema: %[1]s
`

// guardText says where personal data may be, or how to say so.
func guardText(tables []*proposal) string {
	if slices.ContainsFunc(tables, (*proposal).isPersonal) {
		return `    # Columns that are marked pii, by whatever name a query returns them, may
    # stand in no model but those that say config: {meta: {pii: allowed}}.
    +meta: {pii: refused}
`
	}
	return `    # No column is called like personal data. If one is: mark it in pipeline.yml
    # (pii: true) and in models/_sources.yml (config: {meta: {pii: true}}), and
    # let no model have it that does not say config: {meta: {pii: allowed}}.
    # +meta: {pii: refused}
`
}

// source declares the table, with the columns that are personal.
func (p *proposal) source(b *strings.Builder) {
	fmt.Fprintf(b, "      - name: %s\n", p.name)
	if !p.isPersonal() {
		return
	}
	b.WriteString("        columns:\n")
	for _, name := range p.names {
		if personal.MatchString(name) {
			fmt.Fprintf(b, "          - name: %s\n            quote: true\n            config: {meta: {pii: true}}\n", name)
		}
	}
}

// isPersonal reports whether a column is called like personal data.
func (p *proposal) isPersonal() bool { return slices.ContainsFunc(p.names, personal.MatchString) }

// model is the table as it was loaded, column by column: the place to rename,
// clean and leave out.
func (p *proposal) model() string {
	quoted := make([]string, len(p.names))
	for i, name := range p.names {
		quoted[i] = "    \"" + name + "\",\n" // a column may be called as a word of SQL
	}
	return "select\n" + strings.TrimSuffix(strings.Join(quoted, ""), ",\n") + "\nfrom {{ source('raw', '" + p.name + "') }}\n"
}

func (p *proposal) properties() string {
	var b strings.Builder
	fmt.Fprintf(&b, "models:\n  - name: stg_%s\n", p.name)
	if p.isPersonal() {
		b.WriteString("    config: {meta: {pii: allowed}}\n")
	}
	b.WriteString("    columns:\n")
	for i, name := range p.names {
		fmt.Fprintf(&b, "      - name: %s\n        quote: true\n", name)
		if personal.MatchString(name) {
			b.WriteString("        config: {meta: {pii: true}}\n")
		}
		if i == p.key {
			b.WriteString("        data_tests:\n          - unique\n          - not_null\n")
		}
	}
	return b.String()
}

func sortedKeys(texts map[string]string) []string {
	keys := make([]string, 0, len(texts))
	for key := range texts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
