package dbt_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"apotheca/internal/dbt"
)

// BenchmarkLoadAndCompile reads and compiles 1,000 models with two tests each.
func BenchmarkLoadAndCompile(b *testing.B) {
	fsys := fstest.MapFS{
		"dbt_project.yml": {Data: []byte("name: big\nprofile: big\nmodels: {big: {+materialized: table}}\n")},
		"profiles.yml":    {Data: []byte("big: {target: d, outputs: {d: {type: duckdb}}}\n")},
	}
	for i := range 1000 {
		sql := "{{ config(tags=['x']) }}\nselect 1 as id\n"
		if i > 0 {
			sql += fmt.Sprintf("union all select * from {{ ref('m%d') }}\n", i/2)
		}
		fsys[fmt.Sprintf("models/m%d.sql", i)] = &fstest.MapFile{Data: []byte(sql)}
		fsys[fmt.Sprintf("models/m%d.yml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"models:\n  - name: m%d\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n", i)}
	}
	for b.Loop() {
		p, err := dbt.Load(dbt.Options{FS: fsys})
		if err != nil {
			b.Fatal(err)
		}
		for id, n := range p.Nodes {
			if _, err := p.Compile(context.Background(), n, nil); err != nil {
				b.Fatalf("Compile(%s): %v", id, err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/model")
}
