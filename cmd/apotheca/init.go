package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// configTemplate lists every setting with its default.
const configTemplate = `# Settings of apotheca in this folder. All are optional; flags win over them.

dir: apotheca-data            # lake, warehouse, run records, logs
projects: projects            # the dbt projects; remove the line to use the built-in ones

# target: postgres            # an output of the project's profiles.yml; the default is its own choice

registry:
  # base_url: https://clinicaltrials.gov/api/v2
  # user_agent: your-institute/1.0 (mailto:data@example.org)
  # proxy: http://gateway.example.org:3128
  page_size: 1000             # studies a request, at most 1000
  rate: 50/1m                 # requests in any window of that length

keep:
  extracts: 3                 # finished extracts kept in the lake
  runs: 1000                  # run records kept

threads: 4                    # models and tests at once
memory_limit: 400MB           # of DuckDB
`

func (a *app) initCommand() *cobra.Command {
	var csv bool
	var into string
	cmd := &cobra.Command{
		Use:   "init DIR | init --csv FILE…",
		Short: "Write the built-in projects out, or a pipeline for CSV files",
		Long: `Writes the built-in dbt projects and a configuration file into DIR. Commands that
run in DIR then use the projects there instead of the built-in ones.

With --csv it looks at all of the files instead and writes a first version of a
pipeline that reads them, which runs at once: pipeline.yml with tables, types,
keys and what is called like personal data, and a dbt project with a tested
model for each table. Files of one kind, such as one a day, are one table.

Nothing that exists is overwritten.`,
		Example: `  apotheca init my-warehouse
  apotheca init --csv orders.csv customers.csv --into shop`,
		Args: func(cmd *cobra.Command, args []string) error {
			if csv && len(args) > 0 {
				return nil
			}
			if csv {
				return usagef("init --csv needs files to look at").hint("apotheca init --csv orders.csv customers.csv --into shop")
			}
			return oneArg("DIR", "apotheca init my-warehouse")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if csv {
				return a.initCSV(into, args)
			}
			return a.init(args[0])
		},
	}
	cmd.Flags().BoolVar(&csv, "csv", false, "look at CSV files and write a pipeline that reads them")
	cmd.Flags().StringVar(&into, "into", "my-data", "the new `folder` of that pipeline")
	return cmd
}

func (a *app) init(dir string) error {
	if err := writeNew(filepath.Join(dir, configName), []byte(configTemplate)); err != nil {
		return err
	}
	for _, b := range builtIn {
		if err := writeProject(b.files, filepath.Join(dir, "projects")); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stdout, `wrote %[1]s/%[2]s and %[1]s/projects

next:
  cd %[1]s
  apotheca run clinical-trials --sample     runs the project in projects/clinical_trials
`, dir, configName)
	return nil
}

func writeProject(files fs.FS, dir string) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return fmt.Errorf("read built-in %s: %w", path, err)
		}
		return writeNew(filepath.Join(dir, filepath.FromSlash(path)), text)
	})
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s exists, and init overwrites nothing", path).
			hint("give a new folder, or move the file away")
	}
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}

// oneArg accepts exactly one argument and shows an example otherwise.
func oneArg(name, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s takes one %s, got %d arguments", cmd.CommandPath(), name, len(args)).
				hint("%s", example)
		}
		return nil
	}
}
