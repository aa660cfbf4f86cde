package pipeline

import (
	"cmp"
	"path/filepath"
)

// Layout says where things are below the data folder.
type Layout struct {
	Root     string // the folder given by --dir
	Pipeline string // clinical-trials
	// Folder is what the pipeline is called by on the command line when that
	// is not its name.
	Folder string
	// Flags are what a command has to repeat to mean this folder, such as
	// "--dir data"; empty for the folder it would choose anyway.
	Flags string
}

// Command is what to type to go on in this folder: the words after
// "apotheca run clinical-trials".
func (l Layout) Command(words ...string) string {
	command := "apotheca run " + l.Word()
	for _, word := range append([]string{l.Flags}, words...) {
		if word != "" {
			command += " " + word
		}
	}
	return command
}

// Word is what the command line calls the pipeline.
func (l Layout) Word() string { return cmp.Or(l.Folder, l.Pipeline) }

// Lake is the pipeline's lake.
func (l Layout) Lake() string { return filepath.Join(l.Root, "lake", l.Pipeline) }

// Warehouse is the embedded warehouse's file, shared by all pipelines.
func (l Layout) Warehouse() string { return filepath.Join(l.Root, "warehouse.duckdb") }

// WarehouseVariable is the environment variable by which profiles.yml of a
// built-in project learns where the warehouse of the data folder is. Real dbt
// reads the same one.
const WarehouseVariable = "APOTHECA_WAREHOUSE"

// Env is an environment in which that variable, where it is not set, names the
// warehouse of this folder.
func (l Layout) Env(env func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := env(name); ok || name != WarehouseVariable {
			return value, ok
		}
		return l.Warehouse(), true
	}
}

// Runs holds the run records of all pipelines.
func (l Layout) Runs() string { return filepath.Join(l.Root, "state", "runs") }

// Target holds dbt's artifacts and compiled SQL.
func (l Layout) Target() string { return filepath.Join(l.Root, "target", l.Pipeline) }

// Logs holds one file per run.
func (l Layout) Logs() string { return filepath.Join(l.Root, "logs") }

// Record is the record of one run.
func (l Layout) Record(runID string) string { return filepath.Join(l.Runs(), runID+".json") }

// Log is the file of one run.
func (l Layout) Log(runID string) string { return filepath.Join(l.Logs(), runID+".log") }
