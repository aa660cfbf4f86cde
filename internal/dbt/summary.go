package dbt

import (
	"fmt"
	"io/fs"
	"strings"

	"apotheca/internal/jinja"
)

// Found counts the project's resources as dbt says it: "5 models, 1 seed".
// Kinds come in the order in which they are first met.
func (p *Project) Found() string {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	counts := map[ResourceType]int{}
	singular := false
	for _, n := range p.Nodes {
		counts[n.ResourceType]++
		singular = singular || n.IsSingular()
	}
	// Singular tests are parsed with the models, the others at the end.
	kinds := []ResourceType{Model, Snapshot, Analysis, Seed, Operation, DataTest}
	if singular {
		kinds = []ResourceType{Model, Snapshot, Analysis, DataTest, Seed, Operation}
	}
	for _, kind := range kinds {
		add(counts[kind], string(kind), kind.Plural())
	}
	add(len(p.Sources), "source", "sources")
	add(len(p.Exposures), "exposure", "exposures")
	add(len(p.Metrics), "metric", "metrics")
	add(len(p.Macros), "macro", "macros")
	add(len(p.Groups), "group", "groups")
	add(len(p.SemanticModels), "semantic model", "semantic models")
	add(len(p.SavedQueries), "saved query", "saved queries")
	add(len(p.UnitTests), "unit test", "unit tests")
	return strings.Join(parts, ", ")
}

// Plural is dbt's word for several resources of a type.
func (t ResourceType) Plural() string {
	switch t {
	case Analysis:
		return "analyses"
	case DataTest:
		return "data tests"
	}
	return strings.ReplaceAll(string(t), "_", " ") + "s"
}

// TargetPath and LogPath are the project's folders of artifacts and of logs,
// CleanTargets those that clean empties; all are relative to it.
func (p *Project) TargetPath() string { return p.folder("target-path", "target") }
func (p *Project) LogPath() string    { return p.folder("log-path", "logs") }

// CleanTargets are the folders that clean empties, relative to the project.
func (p *Project) CleanTargets() []string {
	if v, ok := p.setting("clean-targets"); ok {
		return texts(v)
	}
	return []string{p.TargetPath()}
}

func (p *Project) folder(key, otherwise string) string {
	if v, _ := p.setting(key); v != nil {
		return jinja.Str(v)
	}
	return otherwise
}

// setting is a key of the root project's dbt_project.yml in either spelling.
func (p *Project) setting(key string) (any, bool) {
	if v, ok := p.root.values.Get(key); ok {
		return v, true
	}
	return p.root.values.Get(strings.ReplaceAll(key, "-", "_"))
}

// HasFreshness reports a source whose age is checked.
func (s *Source) HasFreshness() bool {
	return s.Freshness != nil && (s.Freshness.WarnAfter != nil || s.Freshness.ErrorAfter != nil)
}

// TableOf is the table that a macro returned, by itself or inside a
// statement's result.
func TableOf(v any) (*Table, bool) {
	if d, ok := v.(*jinja.Dict); ok {
		v, _ = d.Get("table")
	}
	t, ok := v.(tableValue)
	return t.Table, ok
}

// Folders are those that dbt_project.yml names, read without a target.
type Folders struct {
	// Clean are the ones that clean empties.
	Clean []string
	// Own hold the project's files.
	Own []string
	// Target and Log are those of artifacts and of logs.
	Target, Log string
	// Flags are the project's own, as written.
	Flags map[string]any
}

// ReadFolders reads dbt_project.yml alone, as written.
func ReadFolders(files fs.FS) (Folders, error) {
	l := newLoader(Options{FS: files})
	p, err := l.readProject(".")
	if err != nil {
		return Folders{}, err
	}
	p.values, _ = plain(p.doc).(*jinja.Dict)
	l.p.root = p
	f := Folders{Clean: l.p.CleanTargets(), Target: l.p.TargetPath(), Log: l.p.LogPath(), Flags: p.flags()}
	for _, kind := range []struct{ key, otherwise string }{
		{"model-paths", "models"}, {"seed-paths", "seeds"}, {"test-paths", "tests"}, {"snapshot-paths", "snapshots"},
		{"analysis-paths", "analyses"}, {"macro-paths", "macros"}, {"docs-paths", "docs"},
	} {
		f.Own = append(f.Own, l.projectPaths(p, kind.key, kind.otherwise)...)
	}
	return f, nil
}
