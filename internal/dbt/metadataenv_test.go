package dbt_test

import (
	"testing"

	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

func TestCustomVariablesAreShown(t *testing.T) {
	t.Parallel()
	a := txtar.Parse([]byte("-- dbt_project.yml --\nname: shop\nprofile: shop\n-- profiles.yml --\nshop: {target: dev, outputs: {dev: {type: duckdb}}}\n" +
		"-- models/a.sql --\nselect '{{ dbt_metadata_envs['JOB'] }}' as job\n"))
	p, err := load(t, a, func(o *dbt.Options) { o.MetadataEnv = map[string]string{"JOB": "nightly"} })
	if err != nil {
		t.Fatal(err)
	}
	env := manifestOf(t, p, nil)["metadata"].(map[string]any)["env"].(map[string]any)
	if env["JOB"] != "nightly" {
		t.Errorf("metadata.env = %v", env)
	}
	c, err := p.Compile(t.Context(), p.Nodes["model.shop.a"], scripted{})
	if err != nil || c.Code != "select 'nightly' as job" {
		t.Errorf("compiled %+v, %v", c, err)
	}
}
