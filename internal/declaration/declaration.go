package declaration

import (
	"slices"

	"apotheca/internal/csvfile"
)

// File is the name of the declaration, in the folder of the dbt project.
const File = "pipeline.yml"

// Source is where data come from.
type Source string

// The sources.
const (
	Registry Source = "clinicaltrials.gov" // the API of ClinicalTrials.gov
	CSV      Source = "csv"                // files
)

// OnBadRow is what becomes of a record that is no row of its table.
type OnBadRow string

// What can become of it.
const (
	Stop       OnBadRow = "stop"       // the run stops; nothing changes
	Quarantine OnBadRow = "quarantine" // it is set aside, and counted
)

// Pipeline is a declaration that was read without a mistake.
type Pipeline struct {
	Name   string
	Source Source
	// Schema is where the load puts its tables.
	Schema string
	// Mapping is the file that maps the records of a registry to tables.
	Mapping string
	// Sample names the generator of made-up files; empty where there is none.
	Sample string
	// Answer is the model that is shown at the end of a run; may be empty.
	Answer string

	OnBadRow OnBadRow
	// OnlyNew: a load adds what is newer than what is there, in tables with a
	// watermark, instead of replacing all rows.
	OnlyNew bool
	Tables  []Table
}

// Table is a table that is read from files.
type Table struct {
	csvfile.Table
	// Files are paths relative to the declaration, patterns allowed.
	Files []string
}

// IsPrivate reports whether any column holds personal data: then nothing that
// is said or written down may hold a value of any.
func (p *Pipeline) IsPrivate() bool {
	return slices.ContainsFunc(p.Tables, func(t Table) bool { return t.HasPII() })
}

// FileTables are the tables as the reader of files knows them.
func (p *Pipeline) FileTables() []*csvfile.Table {
	tables := make([]*csvfile.Table, len(p.Tables))
	for i := range p.Tables {
		tables[i] = &p.Tables[i].Table
		tables[i].Silent = p.IsPrivate()
	}
	return tables
}
