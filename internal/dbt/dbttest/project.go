package dbttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// perFolder is how many models one folder and how many tables one source holds.
const perFolder = 100

// The layers of a project, in tenths of a percent of its models.
const (
	baseShare         = 300 // one source each
	stagingShare      = 300 // one base model each
	intermediateShare = 250 // joins of staging models
)

// Write writes a project of so many models into dir: 30 % read sources, 30 %
// are staging, 25 % intermediate, the rest marts. Every model has a properties
// file of its own with two tests or more.
func Write(dir string, models int) error {
	return Generate(models, func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	})
}

// Generate hands every file of such a project to write.
func Generate(models int, write func(name string, data []byte) error) error {
	p := project{
		base: models * baseShare / 1000, staging: models * stagingShare / 1000,
		intermediate: models * intermediateShare / 1000, write: write,
	}
	p.marts = models - p.base - p.staging - p.intermediate
	p.file("dbt_project.yml", projectFile)
	p.file("profiles.yml", profiles)
	p.file("macros/cents.sql", macros)
	p.sources()
	for i := range p.base {
		p.model("base", i, baseModel(i))
	}
	for i := range p.staging {
		p.model("staging", i, stagingModel(i, i%p.base))
	}
	for i := range p.intermediate {
		p.model("intermediate", i, p.intermediateModel(i))
	}
	for i := range p.marts {
		p.model("marts", i, p.martModel(i))
	}
	return p.err
}

// project is one generation; its first error ends it.
type project struct {
	base, staging, intermediate, marts int
	write                              func(string, []byte) error
	err                                error
}

func (p *project) file(name, text string) {
	if p.err == nil {
		p.err = p.write(name, []byte(text))
	}
}

// model is one model: its SQL, and what its properties say beyond the usual.
type model struct {
	sql string
	// tests are those of the column parent_id.
	tests string
}

func (p *project) model(layer string, i int, m model) {
	name := modelName(layer, i)
	folder := fmt.Sprintf("models/%s/g%02d/", layer, i/perFolder)
	p.file(folder+name+".sql", m.sql)
	p.file(folder+name+".yml", fmt.Sprintf(properties, name, layer, m.tests))
}

func modelName(layer string, i int) string {
	prefix := map[string]string{"base": "base", "staging": "stg", "intermediate": "int", "marts": "mart"}[layer]
	return fmt.Sprintf("%s_%05d", prefix, i)
}

func (p *project) sources() {
	var b strings.Builder
	for i := range p.base {
		if i%perFolder == 0 {
			fmt.Fprintf(&b, "version: 2\n\nsources:\n  - name: raw_%02d\n    schema: raw\n    tables:\n", i/perFolder)
		}
		fmt.Fprintf(&b, "      - name: table_%05d\n        description: Rows of the system of record, number %d\n", i, i)
		if i%perFolder == perFolder-1 || i == p.base-1 {
			p.file(fmt.Sprintf("models/base/_sources_%02d.yml", i/perFolder), b.String())
			b.Reset()
		}
	}
}

func baseModel(i int) model {
	source := fmt.Sprintf("{{ source('raw_%02d', 'table_%05d') }}", i/perFolder, i)
	return model{sql: "with source as (\n    select * from " + source + "\n),\n\n" + renamed}
}

func stagingModel(i, of int) model {
	materialized := "view"
	if i%10 == 0 {
		materialized = "table"
	}
	return model{sql: fmt.Sprintf(staging, materialized, modelName("base", of))}
}

func (p *project) intermediateModel(i int) model {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	left, right := r.IntN(p.staging), r.IntN(p.staging)
	return model{
		sql: fmt.Sprintf(intermediate, modelName("staging", left), modelName("staging", right)),
		tests: fmt.Sprintf("        data_tests:\n          - relationships:\n              arguments: {to: ref('%s'), field: id}\n",
			modelName("staging", left)),
	}
}

func (p *project) martModel(i int) model {
	r := rand.New(rand.NewPCG(2, uint64(i)))
	var parts []string
	for range 2 + r.IntN(3) {
		parts = append(parts, "select * from {{ ref('"+modelName("intermediate", r.IntN(p.intermediate))+"') }}")
	}
	template := mart
	if i%5 == 0 {
		template = incrementalMart
	}
	return model{
		sql:   fmt.Sprintf(template, strings.Join(parts, "\n    union all\n    ")),
		tests: "        data_tests:\n          - accepted_values:\n              arguments: {values: [0, 1, 2, 3], quote: false}\n              config: {severity: warn}\n",
	}
}
