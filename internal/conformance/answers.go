package conformance

import (
	"encoding/json"
	"fmt"
	"path/filepath"
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
	left, right := object(manifest, "nodes"), object(mine, "nodes")
	if left, err = moved(left, right); err != nil {
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

// moved are the nodes of a published manifest as they would be in the database
// and the schemas of ours.
func moved(published, ours map[string]any) (map[string]any, error) {
	places := map[string]string{}
	for id, value := range published {
		a, _ := value.(map[string]any)
		b, ok := ours[id].(map[string]any)
		if !ok || strings.HasPrefix(id, "test.") {
			continue
		}
		for _, key := range []string{"database", "schema"} {
			places[quote(printed(a[key]))] = quote(printed(b[key]))
		}
	}
	content, err := json.Marshal(published)
	if err != nil {
		return nil, fmt.Errorf("move published manifest: %w", err)
	}
	var pairs []string
	for _, from := range keysOfBoth(places, nil) {
		// In a value of its own, and quoted in SQL, which JSON escapes.
		pairs = append(pairs, from, places[from], escaped(from), escaped(places[from]))
	}
	var nodes map[string]any
	decoder := json.NewDecoder(strings.NewReader(strings.NewReplacer(pairs...).Replace(string(content))))
	decoder.UseNumber()
	if err := decoder.Decode(&nodes); err != nil {
		return nil, fmt.Errorf("move published manifest: %w", err)
	}
	return nodes, nil
}

func escaped(quoted string) string { return strings.ReplaceAll(quoted, `"`, `\"`) }

// answersOf is where a job's published artifacts lie.
func (j *job) answersOf() (string, error) {
	folder := j.target.Answers[j.adapter]
	if folder == "" {
		return "", nil
	}
	repository, err := j.source(j.target.Repository)
	return filepath.Join(repository, filepath.FromSlash(folder)), err
}
