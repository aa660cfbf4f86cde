package conformance

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Target is a dbt project and how it is run.
type Target struct {
	Name string `yaml:"name"`
	// Repository is where the project is public, owner/name; folders of that
	// name are looked for below the folder of sources. What begins with ./ is of
	// this repository.
	Repository string `yaml:"repository"`
	// Folder is the project's place in the repository.
	Folder   string   `yaml:"folder"`
	Adapters []string `yaml:"adapters"`
	// Packages are the ones of packages.yml that come from elsewhere: the name
	// they are installed under and where they lie below the folder of sources.
	Packages map[string]string `yaml:"packages"`
	// Files is a folder beside the list of targets that is laid over the copy:
	// what a project needs and its repository does not hold.
	Files string `yaml:"files"`
	// Setup is SQL that both databases are given before the first step, by
	// adapter, or a file of it; $SOURCES is the folder of sources.
	Setup map[string]string `yaml:"setup"`
	// Schema is the profile's; empty means the adapter's default.
	Schema string            `yaml:"schema"`
	Vars   string            `yaml:"vars"`
	Env    map[string]string `yaml:"env"`
	// Steps are the commands, in order.
	Steps []string `yaml:"steps"`
	// Volatile columns, schema.table.column, hold what no two runs share.
	Volatile []string `yaml:"volatile"`
	// Answers is a folder of the repository with the manifest.json and
	// catalog.json of a run that its authors published, by adapter.
	Answers map[string]string `yaml:"answers"`
	// Note is said of the project in the report.
	Note  string  `yaml:"note"`
	Known []Known `yaml:"known"`
}

// Known gives the reason of differences. Each pattern is that of path.Match;
// an empty one matches everything.
type Known struct {
	Adapter string `yaml:"adapter"`
	Step    string `yaml:"step"`
	About   string `yaml:"about"`
	Node    string `yaml:"node"`
	Field   string `yaml:"field"`
	Reason  string `yaml:"reason"`
}

// defaultSteps build twice: only then do incremental models meet what they
// left.
var defaultSteps = []string{"ls --output json", "build", "build", "docs generate"}

// Targets is the list of projects, with reasons that hold for all of them.
type Targets struct {
	Targets []Target `yaml:"targets"`
	Known   []Known  `yaml:"known"`
}

// ReadTargets reads a list of targets and fills in what they leave out.
func ReadTargets(file string) (Targets, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Targets{}, fmt.Errorf("read targets: %w", err)
	}
	var list Targets
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil {
		return Targets{}, fmt.Errorf("read targets %s: %w", file, err)
	}
	seen := map[string]bool{}
	for i := range list.Targets {
		t := &list.Targets[i]
		if t.Name == "" || seen[t.Name] {
			return Targets{}, fmt.Errorf("read targets %s: target %d has no name of its own", file, i+1)
		}
		seen[t.Name] = true
		t.Known = append(t.Known, list.Known...)
		t.Default()
	}
	return list, nil
}

// Default fills in what is left out.
func (t *Target) Default() {
	if len(t.Steps) == 0 {
		t.Steps = defaultSteps
	}
	if len(t.Adapters) == 0 {
		t.Adapters = []string{"duckdb"}
	}
	if t.Schema == "" {
		t.Schema = "conformance"
	}
}

// explain gives each difference the first reason that fits it.
func (t *Target) explain(adapter string, differences []Difference) {
	for i := range differences {
		d := &differences[i]
		at := slices.IndexFunc(t.Known, func(k Known) bool {
			return fits(k.Adapter, adapter) && fits(k.Step, d.Step) && fits(k.About, d.About) &&
				fits(k.Node, d.Node) && fits(k.Field, d.Field)
		})
		if at >= 0 {
			d.Reason = t.Known[at].Reason
		}
	}
}

func fits(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	matched, err := path.Match(pattern, text)
	return err == nil && matched
}
