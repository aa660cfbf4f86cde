package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Answers is what became of a comparison with the manifest and catalog that a
// project's authors published.
type Answers struct {
	Version string `json:"version"` // of the dbt that wrote them
	Nodes   int    `json:"nodes"`
	Equal   int    `json:"equal"`
}

// answered are the fields of a node that do not change with the place or the
// version of a run.
var answered = []string{"fqn", "alias", "schema", "relation_name", "tags", "compiled_code"}

// compareAnswers holds the last manifest and catalog of ours against published
// ones, whose database and schemas were others.
func (c *comparison) compareAnswers(published, ours string) error {
	manifest, err := readArtifact(published, "manifest.json")
	if err != nil {
		return err
	}
	mine, err := readArtifact(ours, "manifest.json")
	if err != nil {
		return err
	}
	theirs, own := object(manifest, "nodes"), object(mine, "nodes")
	both := maps.Clone(theirs)
	maps.DeleteFunc(both, func(id string, _ any) bool { return own[id] == nil })
	left, err := named(theirs, both)
	if err != nil {
		return err
	}
	right, err := named(own, both)
	if err != nil {
		return err
	}
	c.report.Answers = &Answers{Version: printed(object(manifest, "metadata")["dbt_version"])}
	catalog, err := readArtifact(published, "catalog.json")
	if err != nil {
		return err
	}
	myCatalog, err := readArtifact(ours, "catalog.json")
	if err != nil {
		return err
	}
	for _, id := range keysOfBoth(left, right) {
		before := len(c.report.Differences)
		c.compareAnswer(id, left, right)
		c.compareColumns(id, object(catalog, "nodes"), object(myCatalog, "nodes"))
		c.report.Answers.Nodes++
		if len(c.report.Differences) == before {
			c.report.Answers.Equal++
		}
	}
	return nil
}

func (c *comparison) compareAnswer(id string, left, right map[string]any) {
	a, hasA := left[id].(map[string]any)
	b, hasB := right[id].(map[string]any)
	differ := func(field, published, ours string) {
		if field == "compiled_code" {
			if published, ours = collapsed(published), collapsed(ours); published == ours {
				return
			}
		}
		c.add(Difference{About: "published", Node: id, Field: field, Dbt: published, Ours: ours})
	}
	if hasA != hasB {
		differ("unique_id", presence(hasA), presence(hasB))
		return
	}
	for _, field := range answered {
		compareValues(field, a[field], b[field], differ)
	}
	compareValues("depends_on.nodes", object(a, "depends_on")["nodes"], object(b, "depends_on")["nodes"], differ)
	compareValues("config", set(object(a, "config")), set(object(b, "config")), differ)
	for _, name := range keysOfBoth(object(a, "columns"), object(b, "columns")) {
		compareValues("columns."+name+".description", object(object(a, "columns"), name)["description"],
			object(object(b, "columns"), name)["description"], differ)
	}
}

// set are the members that are not empty: versions differ in what they add
// without a value.
func set(config map[string]any) any {
	all := map[string]any{}
	for key, value := range config {
		if text := printed(value); !slices.Contains([]string{"null", "{}", "[]", "false", ""}, text) {
			all[key] = value
		}
	}
	return all
}

// compareColumns compares names, types and order.
func (c *comparison) compareColumns(id string, left, right map[string]any) {
	a, b := catalogued(object(left, id)), catalogued(object(right, id))
	if a != b && len(left) > 0 && len(right) > 0 {
		c.add(Difference{About: "published", Node: id, Field: "catalog", Dbt: a, Ours: b})
	}
}

func catalogued(entry map[string]any) string {
	columns := object(entry, "columns")
	list := make([]string, 0, len(columns))
	for name := range columns {
		column := object(columns, name)
		list = append(list, fmt.Sprintf("%6s %s %s", printed(column["index"]), name, printed(column["type"])))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// named are the nodes of a manifest with the names of its database and schemas
// replaced by what they stand for: a schema by the first node that is in it.
func named(nodes, both map[string]any) (map[string]any, error) {
	standsFor := map[string]string{}
	for _, id := range keysOfBoth(both, nil) {
		node := object(nodes, id)
		for _, key := range []string{"database", "schema"} {
			if name := printed(node[key]); standsFor[name] == "" {
				standsFor[name] = "<" + key + " of " + id + ">"
			}
		}
	}
	content, err := json.Marshal(nodes)
	if err != nil {
		return nil, fmt.Errorf("name database and schemas: %w", err)
	}
	text := word.ReplaceAllStringFunc(string(content), func(name string) string { return cmp.Or(standsFor[name], name) })
	var renamed map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&renamed); err != nil {
		return nil, fmt.Errorf("name database and schemas: %w", err)
	}
	return renamed, nil
}

var word = regexp.MustCompile(`\w+`)

// answersOf is where a job's published artifacts lie.
func (j *job) answersOf() (string, error) {
	folder := j.target.Answers[j.adapter]
	if folder == "" {
		return "", nil
	}
	repository, err := j.source(j.target.Repository)
	return filepath.Join(repository, filepath.FromSlash(folder)), err
}
