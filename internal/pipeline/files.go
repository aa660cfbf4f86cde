package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Files are CSV files as a source: each table is read from some of them.
type Files struct {
	// Name is what is read: the files, or how a sample was made.
	Name   string
	Tables []*csvfile.Table
	// Paths are the files of each table, by its name.
	Paths map[string][]string
	// Before makes the files, where they are made; may be nil.
	Before func(context.Context) error
	// Schema is where the load puts its tables.
	Schema string
	// Quarantine: records that are no rows are set aside. Otherwise they stop
	// the load.
	Quarantine bool
	// OnlyNew: tables with a watermark keep their rows and take what is newer.
	OnlyNew bool
}

// Stages implements Source. Files are landed as one file a table: there is
// nothing to compact.
func (f *Files) Stages() []Stage { return []Stage{Extract, Load, Build} }

// SchemaName implements Source.
func (f *Files) SchemaName() string { return f.Schema }

func (f *Files) content(r *run, s lake.Snapshot) Content {
	return Content{
		Pipeline: r.Layout.Pipeline, ExtractID: s.ID, Source: s.Source, DataTimestamp: s.DataTimestamp, Digest: s.Digest(),
		Noun: "records", Records: int64(s.Total), Quarantined: int64(s.Quarantined),
	}
}

// place tells from which file and line a row of the lake was read: the place of
// the file in the manifest, from 1, and in the lowest bits the line.
var place = schema.Column{Name: "_place", Type: schema.Integer}

const (
	lineBits = 40
	lineMax  = 1<<lineBits - 1
)

// quarantineTable holds where rejected records stand and why they are no rows.
// What is in them stays in the files.
var quarantineTable = schema.Table{
	Name: flatten.Quarantine, Key: []string{"table_name", "file", "line"},
	Columns: []schema.Column{
		{Name: "table_name", Type: schema.Text},
		{Name: "file", Type: schema.Text},
		{Name: "line", Type: schema.Integer},
		{Name: "column_name", Type: schema.Text, Nullable: true},
		{Name: "reason", Type: schema.Text},
	},
}

// inLake are the columns that a table has in the lake.
func inLake(t *csvfile.Table) []schema.Column {
	return append(slices.Clip(t.Schema().Columns), place)
}

// certify balances, for each table, the records of the files with the rows in
// the warehouse and those that were set aside.
func (f *Files) certify(ctx context.Context, r *run, c *counting) error {
	outcomes, err := f.readOutcomes(ctx, c)
	if err != nil {
		return err
	}
	read := map[string]int64{}
	for _, in := range c.snapshot.Inputs {
		read[in.Table] += in.Records
	}
	for _, t := range f.Tables {
		if c.rows(f.Schema, t.Name) == NotThere { // no model reads it
			c.add(ctx, f.Schema, t.Name)
		}
		if c.err != nil {
			return c.err
		}
		o := outcomes[t.Name]
		terms := []Term{{f.Schema + "." + t.Name, c.rows(f.Schema, t.Name)}}
		if terms[0].Count != NotThere {
			terms[0].Count -= o.present
		}
		parts := []string{"rows in " + terms[0].Name}
		for _, term := range []Term{{"quarantined", o.quarantined}, {"superseded", o.superseded}, {"not new", o.notNew}} {
			if term.Count > 0 || term.Name == "quarantined" {
				terms, parts = append(terms, term), append(parts, term.Name)
			}
		}
		c.certificate.balance(strings.Join(parts, " + "), read[t.Name], terms...)
	}
	found, err := c.quarantine(ctx, f.Schema, "file, line, column_name, reason")
	for _, row := range found {
		file, _ := row[0].(string)
		line, _ := row[1].(int64)
		column, _ := row[2].(string)
		c.certificate.Quarantine = append(c.certificate.Quarantine,
			Rejected{File: file, Line: line, Column: column, Reason: warehouse.Text(row[3])})
	}
	return err
}

// CheckHeaders opens the files and looks for the declared columns, in all of
// them: what is wrong is told before an hour of reading, and at once.
func (f *Files) CheckHeaders() error {
	var problems []error
	for _, t := range f.Tables {
		for _, path := range f.Paths[t.Name] {
			if err := CheckHeader(path, t); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

// CheckHeader looks for the columns of a table in one file. What is no regular
// file, such as a pipe, can be read only once and is passed over.
func CheckHeader(path string, t *csvfile.Table) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	opened, err := openFile(path)
	if err != nil {
		return err
	}
	defer opened.Close()
	file, err := csvfile.Open(opened, path, t)
	if err != nil {
		return err
	}
	file.Close()
	return nil
}

// openFile opens a file of a person's. What they may do about a missing right
// is another thing than where the data folder is concerned.
func openFile(path string) (*os.File, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, &csvfile.HeaderError{File: path, Problem: "you may not read it", Advice: "chmod +r, or its owner, gives the right to"}
	}
	return file, err
}

// Describe names the files of a source in few words.
func Describe(paths map[string][]string, tables []*csvfile.Table) string {
	var names []string
	for _, t := range tables {
		switch files := paths[t.Name]; len(files) {
		case 0:
		case 1:
			names = append(names, files[0])
		default:
			names = append(names, fmt.Sprintf("%s and %d more", files[0], len(files)-1))
		}
	}
	return strings.Join(names, ", ")
}
