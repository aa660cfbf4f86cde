package main

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
	"apotheca/projects"
)

// clinicalTrials is the pipeline that commands mean when none is named.
const clinicalTrials = "clinical-trials"

// builtIn are the pipelines that are part of the program.
var builtIn = []builtInPipeline{
	{clinicalTrials, "clinical_trials", projects.ClinicalTrials},
	{"patient-activity", "patient_activity", projects.PatientActivity},
}

type builtInPipeline struct {
	name    string
	project string // its folder
	files   embed.FS
}

// declared is a pipeline as the command line names it.
type declared struct {
	*declaration.Pipeline
	files fs.FS  // the folder of its dbt project and of pipeline.yml
	label string // that folder, as messages say it
	// dir is that folder on the disk; empty where it is built in. What
	// pipeline.yml names is relative to it.
	dir  string
	word string // what the command line calls the pipeline, if not its name
}

// pipelineNamed finds a pipeline: a built-in one by its name, any other by the
// folder that holds its pipeline.yml.
func (c config) pipelineNamed(word string) (*declared, error) {
	var d *declared
	i := slices.IndexFunc(builtIn, func(b builtInPipeline) bool { return b.name == word })
	switch {
	case i >= 0:
		files, label, err := c.projectFS(builtIn[i].files, builtIn[i].project)
		if err != nil {
			return nil, err
		}
		d = &declared{files: files, label: label}
		if c.Projects != "" {
			d.dir = label
		}
	case !isPipelineFolder(word):
		e := usagef("no pipeline is named %q", word)
		if info, err := os.Stat(word); err == nil && info.IsDir() {
			e = usagef("%s has no %s", word, declaration.File)
			return nil, e.hint("apotheca init --csv FILE… writes a pipeline for CSV files")
		}
		return nil, e.hint("the pipelines are %s, and any folder with a %s", strings.Join(builtInNames(), ", "), declaration.File)
	default:
		d = &declared{files: os.DirFS(word), label: filepath.Clean(word), dir: word, word: shellWord(word)}
	}
	text, err := fs.ReadFile(d.files, declaration.File)
	if err != nil {
		return nil, usagef("%s has no %s: %v", d.label, declaration.File, err).
			hint("apotheca init DIR writes the built-in one out")
	}
	if d.Pipeline, err = declaration.Parse(filepath.ToSlash(filepath.Join(d.label, declaration.File)), text); err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	if i >= 0 && d.Name != word {
		return nil, usagef("%s/%s declares a pipeline %s", d.label, declaration.File, d.Name).hint("name: %s", word)
	}
	if i < 0 && slices.Contains(builtInNames(), d.Name) {
		return nil, usagef("%s/%s: a built-in pipeline is named %s", d.label, declaration.File, d.Name).
			hint("give it another name: they would share a lake")
	}
	return d, nil
}

// ownFolder is the folder that declares a pipeline, empty for one that is built
// in. A copy of it that has the same name would fill the same lake and tables.
func (c config) ownFolder(d *declared) (string, error) {
	if d.word == "" {
		return "", nil
	}
	folder, err := filepath.Abs(d.dir)
	if err != nil {
		return "", err
	}
	records, _, err := pipeline.NewJournal(c.layoutOf(d)).Records(d.Name)
	if err != nil || len(records) == 0 || records[0].Folder == "" || sameFolder(records[0].Folder, folder) {
		return folder, nil // what cannot be read is told by who reads it
	}
	other, err := c.pipelineNamed(records[0].Folder)
	if err != nil || other.Name != d.Name {
		return folder, nil // it was moved
	}
	return "", usagef("%s declares the pipeline %s, and so does %s, which was run before: they would replace each other's tables",
		d.label, d.Name, records[0].Folder).hint("`name:` and `schema:` in one %s must be others", declaration.File)
}

func sameFolder(a, b string) bool {
	first, err1 := os.Stat(a)
	second, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(first, second)
}

func isPipelineFolder(word string) bool {
	_, err := os.Stat(filepath.Join(word, declaration.File))
	return err == nil
}

func builtInNames() []string {
	var names []string
	for _, b := range builtIn {
		names = append(names, b.name)
	}
	return names
}

// layoutOf is where things of a pipeline are.
func (c config) layoutOf(d *declared) pipeline.Layout {
	return pipeline.Layout{Root: c.Dir, Pipeline: d.Name, Folder: d.word}
}

// stagesOf are the stages of a pipeline.
func (d *declared) stages() []pipeline.Stage {
	if d.Source == declaration.CSV {
		return (*pipeline.Files)(nil).Stages()
	}
	return (*pipeline.Registry)(nil).Stages()
}

// rowGroupRows is how many rows DuckDB gathers before it writes them. Its own
// number is 122,880: of whole studies more than a gigabyte, and of files more
// than the lake hands over at a time, so that it would gather them twice.
func (d *declared) rowGroupRows() int {
	if d.Source == declaration.CSV {
		return 65_536
	}
	return 16_384
}

// loadedTables are the tables that a load replaces.
func (d *declared) loadedTables() ([]string, error) {
	if d.Source == declaration.CSV {
		return d.tableNames(), nil
	}
	spec, err := readSpec(d)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range spec.Tables() {
		names = append(names, t.Name)
	}
	return names, nil
}
