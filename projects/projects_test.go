package projects

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// builtIn are the projects, by the folder they are rooted at.
func builtIn() map[string]embed.FS {
	return map[string]embed.FS{"clinical_trials": ClinicalTrials, "patient_activity": PatientActivity}
}

// properties is what the rules below read of a YAML file beside a model or a
// seed.
type properties struct {
	Models    []resource `yaml:"models"`
	Seeds     []resource `yaml:"seeds"`
	UnitTests []struct {
		Name  string `yaml:"name"`
		Model string `yaml:"model"`
	} `yaml:"unit_tests"`
}

type resource struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Columns     []column `yaml:"columns"`
}

type column struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	DataTests   []any  `yaml:"data_tests"`
}

func (c column) tested(name string) bool { return slices.Contains(c.DataTests, any(name)) }

// A test that hangs on a misspelt model never runs: each model and seed has
// one YAML file beside it that names it and no other, its first column is
// tested as the key it is, and unit tests belong to the model of the file.
func TestEveryResourceHasItsOwnYAML(t *testing.T) {
	t.Parallel()
	for _, name := range resourceFiles(t) {
		t.Run(path.Base(name), func(t *testing.T) {
			t.Parallel()
			base := strings.TrimSuffix(path.Base(name), path.Ext(name))
			p := readProperties(t, strings.TrimSuffix(name, path.Ext(name))+".yml")
			resources := append(p.Models, p.Seeds...)
			if len(resources) != 1 || resources[0].Name != base {
				t.Fatalf("the YAML beside %s describes %v, want it alone", name, namesOf(resources))
			}
			for _, u := range p.UnitTests {
				if u.Model != base {
					t.Errorf("unit test %s is of the model %s, want %s", u.Name, u.Model, base)
				}
			}
			checkDescribed(t, resources[0])
		})
	}
}

func checkDescribed(t *testing.T, r resource) {
	t.Helper()
	if !strings.HasPrefix(r.Description, "grain: one row per ") {
		t.Errorf("%s does not begin by its grain: %q", r.Name, r.Description)
	}
	for _, c := range r.Columns {
		if strings.TrimSpace(c.Description) == "" {
			t.Errorf("%s.%s has no description", r.Name, c.Name)
		}
	}
	isMart := strings.HasPrefix(r.Name, "dim_") || strings.HasPrefix(r.Name, "fact_") || strings.HasPrefix(r.Name, "fct_")
	if key := r.Columns[0]; isMart && !(key.tested("unique") && key.tested("not_null")) {
		t.Errorf("%s.%s is not tested unique and not_null", r.Name, key.Name)
	}
}

func TestNoYAMLWithoutItsResource(t *testing.T) {
	t.Parallel()
	files := resourceFiles(t)
	for _, folder := range []string{"models", "seeds"} {
		for _, name := range walk(t, folder, ".yml") {
			if strings.HasPrefix(path.Base(name), "_") {
				continue
			}
			base := strings.TrimSuffix(name, ".yml")
			if !slices.Contains(files, base+".sql") && !slices.Contains(files, base+".csv") {
				t.Errorf("%s describes nothing", name)
			}
		}
	}
}

// Now is a parameter of a run.
func TestNoModelAsksTheClock(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"models", "macros", "tests"} {
		for _, name := range walk(t, folder, ".sql") {
			text := strings.ToLower(string(read(t, name)))
			for _, clock := range []string{"current_date", "current_timestamp", "now()", "getdate", "sysdate"} {
				if strings.Contains(text, clock) {
					t.Errorf("%s asks %s", name, clock)
				}
			}
		}
	}
}

// The profile takes every password from the environment.
func TestProfilesHoldNoSecret(t *testing.T) {
	t.Parallel()
	for project := range builtIn() {
		for line := range strings.Lines(string(read(t, project+"/profiles.yml"))) {
			if strings.Contains(line, "pass") && !strings.Contains(line, "env_var('PGPASSWORD', '')") {
				t.Errorf("a password stands in the profile of %s: %s", project, line)
			}
		}
	}
}

// resourceFiles are the models and seeds of the projects.
func resourceFiles(t *testing.T) []string {
	t.Helper()
	files := append(walk(t, "models", ".sql"), walk(t, "seeds", ".csv")...)
	if len(files) < 27 {
		t.Fatalf("only %d models and seeds are embedded", len(files))
	}
	return files
}

// walk finds files of an extension in a folder that every project may have.
func walk(t *testing.T, folder, extension string) []string {
	t.Helper()
	var names []string
	for project, files := range builtIn() {
		root := path.Join(project, folder)
		if _, err := fs.Stat(files, root); err != nil {
			continue
		}
		err := fs.WalkDir(files, root, func(name string, _ fs.DirEntry, err error) error {
			if path.Ext(name) == extension {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func readProperties(t *testing.T, name string) properties {
	t.Helper()
	var p properties
	if err := yaml.Unmarshal(read(t, name), &p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	project, _, _ := strings.Cut(name, "/")
	data, err := fs.ReadFile(builtIn()[project], name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func namesOf(resources []resource) []string {
	var names []string
	for _, r := range resources {
		names = append(names, r.Name)
	}
	return names
}
