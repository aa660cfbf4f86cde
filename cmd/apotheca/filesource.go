package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"apotheca/internal/activity"
	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
)

// fileFlags are those that name the files of pipelines of source csv: one for
// each table of the pipelines that the command line may mean.
type fileFlags struct {
	paths    map[string]*[]string // by table
	onBadRow string
	onlyNew  bool
}

// register makes a flag for each table, and those that say how to load.
func (f *fileFlags) register(cmd *cobra.Command, words []string) {
	f.registerTables(cmd, words)
	flags := cmd.Flags()
	flags.StringVar(&f.onBadRow, "on-bad-row", "", "`stop|quarantine`: what becomes of records that are no rows (default what pipeline.yml says)")
	flags.BoolVar(&f.onlyNew, "only-new", false, "add what is newer than what is loaded, by the watermark, instead of replacing all rows")
}

// registerTables makes a flag for each table. A table that is called as another
// flag has none: its file is named in pipeline.yml.
func (f *fileFlags) registerTables(cmd *cobra.Command, words []string) {
	f.paths = map[string]*[]string{}
	flags := cmd.Flags()
	c, err := readConfig()
	if err != nil {
		c = defaultConfig() // the mistake in it is told when the command runs
	}
	if !slices.Contains(words, cmd.Name()) {
		words = nil // another command is meant: nothing needs to be read
	} else {
		words = append(builtInNames(), words...)
	}
	for _, word := range words {
		if strings.HasPrefix(word, "-") {
			continue
		}
		d, err := c.pipelineNamed(word)
		if err != nil {
			continue // likewise
		}
		for _, t := range d.Tables {
			if flags.Lookup(t.Name) == nil {
				f.paths[t.Name] = flags.StringArray(t.Name, nil, fmt.Sprintf("`file` of table %s of %s; may be repeated, patterns allowed", t.Name, d.Name))
			}
		}
	}
}

// given lists the flags of files that were given.
func (f *fileFlags) given(cmd *cobra.Command) []string {
	var given []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if _, isTable := f.paths[flag.Name]; flag.Changed && (isTable || flag.Name == "on-bad-row" || flag.Name == "only-new") {
			given = append(given, flag.Name)
		}
	})
	return given
}

// choose fills in the files that flags name.
func (f *fileFlags) choose(cmd *cobra.Command, d *declared, paths map[string][]string) error {
	for _, name := range f.given(cmd) {
		if named, isTable := f.paths[name]; isTable {
			if !d.hasTable(name) {
				return usagef("%s has no table %s", d.Name, name).hint("its tables are %s", strings.Join(d.tableNames(), ", "))
			}
			paths[name] = *named
		}
	}
	return nil
}

// fileSource is what a run of a pipeline of files reads.
func (f *runFlags) fileSource(cmd *cobra.Command, c config, d *declared, from pipeline.Stage) (*pipeline.Files, error) {
	out := &pipeline.Files{
		Tables: d.FileTables(), Paths: map[string][]string{}, Schema: d.Schema,
		Quarantine: d.OnBadRow == declaration.Quarantine, OnlyNew: d.OnlyNew || f.files.onlyNew,
	}
	switch f.files.onBadRow {
	case "":
	case string(declaration.Stop), string(declaration.Quarantine):
		out.Quarantine = f.files.onBadRow == string(declaration.Quarantine)
	default:
		return nil, usagef("--on-bad-row %s is neither stop nor quarantine", f.files.onBadRow).hint("--on-bad-row quarantine")
	}
	if f.files.onlyNew && !d.HasWatermark() {
		return nil, usagef("--only-new: no table of %s has a watermark, and nothing tells what is new: all rows would be replaced", d.Name).
			hint("`watermark: updated_at` at a table in %s names the column that grows with every change of a row", declaration.File)
	}
	if err := f.files.choose(cmd, d, out.Paths); err != nil {
		return nil, err
	}
	if f.sample != "" {
		return out, f.sampleFiles(c, d, out)
	}
	if from != pipeline.Extract {
		return out, nil
	}
	if err := d.findFiles(out.Paths); err != nil {
		return nil, err
	}
	out.Name = pipeline.Describe(out.Paths, out.Tables)
	return out, nil
}

// sampleFiles has the run make the files that it reads.
func (f *runFlags) sampleFiles(c config, d *declared, out *pipeline.Files) error {
	if len(out.Paths) > 0 {
		return usagef("--sample and files name two sources").hint("give one of them")
	}
	if d.Sample == "" {
		return usagef("pipeline %s has no sample", d.Name).hint("name its files: --%s FILE", d.Tables[0].Name)
	}
	rows, err := strconv.Atoi(f.sample)
	if err != nil || rows < activity.RowsMin {
		return usagef("--sample=%s is not a number of step rows, at least %d", f.sample, activity.RowsMin).
			hint("--sample=%d", activity.SampleStepRows)
	}
	dir := filepath.Join(c.Dir, "sample", d.Name)
	for _, t := range d.Tables {
		out.Paths[t.Name] = []string{filepath.Join(dir, t.Name+".csv")}
	}
	out.Name = fmt.Sprintf("a made-up sample of %s step rows", pipeline.Grouped(rows))
	out.Before = func(ctx context.Context) error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make folder of the sample: %w", err)
		}
		_, err := activity.Write(ctx, dir, activity.Sample(rows))
		return err
	}
	return nil
}

// findFiles fills in what pipeline.yml names and spells patterns out.
func (d *declared) findFiles(paths map[string][]string) error {
	var missing []string
	for _, t := range d.Tables {
		found, err := d.filesOf(t, paths[t.Name])
		if err != nil {
			return err
		}
		if found == nil {
			missing = append(missing, t.Name)
		}
		paths[t.Name] = found
	}
	if len(missing) == 0 {
		return nil
	}
	command := "apotheca run " + orWord(d)
	for _, t := range d.Tables {
		command += " --" + t.Name + " FILE"
	}
	if d.Sample != "" {
		command += "; --sample makes files up"
	}
	return usagef("no file is named for %s", strings.Join(missing, ", ")).hint("%s", command)
}

// filesOf are the files of a table that were named, or else those of
// pipeline.yml; nil where none are.
func (d *declared) filesOf(t declaration.Table, named []string) ([]string, error) {
	base := ""
	if named == nil && d.dir != "" {
		named, base = t.Files, d.dir
	}
	var found []string
	for _, name := range named {
		if base != "" && !filepath.IsAbs(name) {
			name = filepath.Join(base, name)
		}
		matches := []string{name}
		if strings.ContainsAny(name, "*?[") {
			if _, err := os.Stat(name); err != nil { // a file may be called so
				matches, _ = filepath.Glob(name)
			}
		}
		if len(matches) == 0 {
			return nil, usagef("table %s: no file is like %s", t.Name, name).hint("--%s FILE", t.Name)
		}
		for _, path := range matches {
			switch info, err := os.Stat(path); {
			case errors.Is(err, fs.ErrNotExist):
				return nil, usagef("table %s: there is no file %s", t.Name, path).hint("--%s FILE", t.Name)
			case err != nil:
				return nil, usagef("table %s: %v", t.Name, err).hint("--%s FILE", t.Name)
			case info.IsDir():
				return nil, usagef("table %s: %s is a folder", t.Name, path).hint("%s names the files in it", shellWord(filepath.Join(path, "*.csv")))
			}
		}
		found = append(found, matches...)
	}
	return found, nil
}

func orWord(d *declared) string {
	if d.word != "" {
		return d.word
	}
	return d.Name
}

func (d *declared) tableNames() []string {
	var names []string
	for _, t := range d.Tables {
		names = append(names, t.Name)
	}
	return names
}

func (d *declared) hasTable(name string) bool {
	for _, t := range d.Tables {
		if t.Name == name {
			return true
		}
	}
	return false
}
