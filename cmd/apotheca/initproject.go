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
`, project),
		"profiles.yml": fmt.Sprintf(profileText, project),
		".gitignore":   "/target/\n/logs/\n",
	}
	var sources strings.Builder
	fmt.Fprintf(&sources, "sources:\n  - name: raw\n    schema: raw_%s\n    tables:\n", project)
	for _, t := range tables {
		fmt.Fprintf(&sources, "      - name: %s\n", t.name)
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
	fmt.Fprintf(&b, "models:\n  - name: stg_%s\n    columns:\n", p.name)
	for i, name := range p.names {
		fmt.Fprintf(&b, "      - name: %s\n        quote: true\n", name)
		if personal.MatchString(name) {
			b.WriteString("        config:\n          meta:\n            pii: true\n")
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
