package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
)

// proposal is a table that a file was seen to be.
type proposal struct {
	name  string
	path  string // as it was given
	file  string // relative to the folder of the pipeline
	seen  *csvfile.Inspection
	names []string // of the columns
	key   int      // the column that names a row, -1: none was found
}

// initCSV writes a pipeline for CSV files into a new folder: the declaration,
// and a dbt project that builds and tests one model a table.
func (a *app) initCSV(dir string, files []string) error {
	if _, err := os.Stat(filepath.Join(dir, declaration.File)); err == nil {
		return usagef("%s has a %s, and init overwrites nothing", dir, declaration.File).hint("--into names another folder")
	}
	var tables []*proposal
	for _, path := range files {
		p, err := propose(dir, path, tables)
		if err != nil {
			return err
		}
		tables = append(tables, p)
	}
	name := strings.ReplaceAll(identifier(filepath.Base(filepath.Clean(dir)), "pipeline"), "_", "-")
	texts := projectTexts(name, tables)
	texts[declaration.File] = declarationText(name, tables)
	if _, err := declaration.Parse(declaration.File, []byte(texts[declaration.File])); err != nil {
		return fmt.Errorf("write %s: %w", declaration.File, err)
	}
	for _, file := range sortedKeys(texts) {
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(file)), []byte(texts[file])); err != nil {
			return err
		}
	}
	a.tellProposals(dir, tables)
	return nil
}

// propose looks at all of a file.
func propose(dir, path string, others []*proposal) (*proposal, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usagef("there is no file %s", path).hint("apotheca init --csv FILE… names files that are there")
	}
	defer file.Close()
	p := &proposal{path: path, key: -1}
	if p.seen, err = csvfile.Inspect(file, path); err != nil {
		return nil, &userError{message: err.Error(), advice: hintOf(err), code: exitUsage, cause: err}
	}
	if p.file, err = relative(dir, path); err != nil {
		return nil, err
	}
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	var taken []string
	for _, o := range others {
		taken = append(taken, o.name)
	}
	p.name = unused(identifier(base, "table"), append(taken, "quarantine", "loaded_extract", "loaded_table"))
	for _, c := range p.seen.Columns {
		p.names = append(p.names, unused(identifier(c.Header, "column"), p.names))
	}
	p.findKey()
	return p, nil
}

func relative(dir, path string) (string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if to, err = filepath.Rel(from, to); err != nil {
		return "", err
	}
	return filepath.ToSlash(to), nil
}

// findKey chooses, of the columns whose values all differ, the one that is
// called as keys are; of numbers and codes the first, never a measure.
func (p *proposal) findKey() {
	singular := strings.TrimSuffix(p.name, "s")
	for _, called := range []func(string) bool{
		func(name string) bool { return name == "id" || name == p.name+"_id" || name == singular+"_id" },
		func(name string) bool { return strings.HasSuffix(name, "_id") || name == "code" || name == "key" },
	} {
		for i, c := range p.seen.Columns {
			if p.key < 0 && c.Unique && c.Empty == 0 && called(p.names[i]) && (c.Type == "integer" || c.Type == "text") {
				p.key = i
			}
		}
	}
}

var notInIdentifier = regexp.MustCompile(`[^a-z0-9]+`)

// identifier makes a name that every database takes of one that may be
// anything.
func identifier(text, otherwise string) string {
	name := strings.Trim(notInIdentifier.ReplaceAllString(strings.ToLower(text), "_"), "_")
	switch {
	case name == "":
		return otherwise
	case name[0] <= '9':
		name = otherwise[:1] + "_" + name
	}
	return name[:min(len(name), 50)]
}

func unused(name string, taken []string) string {
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s_%d", name, n)
		}
		free := true
		for _, t := range taken {
			free = free && t != try
		}
		if free {
			return try
		}
	}
}

// personal are names of columns that sound like personal data. Too many are
// better than too few: a mark is taken off more easily than a name forgotten.
var personal = regexp.MustCompile(`(^|_)(names?|(first|last|sur|fore|middle|maiden|family|given)_?names?|given|vorname|nachname|` +
	`e_?mails?|mail|(tele)?phone|tel|telefon|mobile|cell|fax|address|adresse|street|strasse|birth.*|born|dob|geburt.*|` +
	`ssn|social_security|mrn|medical_record.*|nhs|passport|iban)($|_)`)

func declarationText(name string, tables []*proposal) string {
	onBadRow := "stop        # or quarantine"
	if slices.ContainsFunc(tables, func(p *proposal) bool { return p.seen.Rejected > 0 }) {
		onBadRow = "quarantine  # there are some; or stop"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# A first version, written by looking at the files: read it before you rely on it.
# Types, keys and what is personal are proposals. `+"`apotheca run --help`"+` and the
# pipeline.yml of patient-activity (apotheca init DIR writes it out) tell the rest.

name: %s
source: csv
schema: raw_%s
on_bad_row: %s
# answer: a_model       # is shown at the end of a run

tables:
`, name, strings.ReplaceAll(name, "-", "_"), onBadRow)
	for i, t := range tables {
		if i > 0 {
			b.WriteString("\n")
		}
		t.declare(&b)
	}
	return b.String()
}

func (p *proposal) declare(b *strings.Builder) {
	fmt.Fprintf(b, "  - name: %s\n    file: %s\n", p.name, strconv.Quote(p.file))
	if p.seen.Delimiter != ',' {
		delimiter := string(p.seen.Delimiter)
		if delimiter == "\t" {
			delimiter = "tab"
		}
		fmt.Fprintf(b, "    delimiter: '%s'\n", delimiter)
	}
	if p.key >= 0 {
		fmt.Fprintf(b, "    key: [%s]\n", p.names[p.key])
	} else {
		b.WriteString("    # key: [id]       # no column looked like one: equal rows all stay\n")
	}
	b.WriteString("    columns:\n")
	for i, c := range p.seen.Columns {
		fmt.Fprintf(b, "      - {name: %s", p.names[i])
		if !strings.EqualFold(p.names[i], c.Header) {
			fmt.Fprintf(b, ", header: %s", strconv.Quote(c.Header))
		}
		fmt.Fprintf(b, ", type: %s", quotedType(string(c.Type)))
		if i == p.key {
			b.WriteString(", required: true")
		}
		if c.UTC {
			b.WriteString(", utc: true")
		}
		if personal.MatchString(p.names[i]) {
			b.WriteString(", pii: true")
		}
		b.WriteString("}")
		if personal.MatchString(p.names[i]) {
			b.WriteString("  # by its name: is it?")
		}
		b.WriteString("\n")
	}
}

// quotedType keeps the comma of decimal(18,2) out of YAML's hands.
func quotedType(t string) string {
	if strings.Contains(t, ",") {
		return "'" + t + "'"
	}
	return t
}

// tellProposals says what was found, and what to type.
func (a *app) tellProposals(dir string, tables []*proposal) {
	g := grid{head: []string{"table", "file", "rows", "columns", "key"}, right: []bool{false, false, true, true}}
	for _, t := range tables {
		key := "none found"
		if t.key >= 0 {
			key = t.names[t.key]
		}
		g.add(t.name, t.path, pipeline.Grouped(t.seen.Rows), strconv.Itoa(len(t.names)), key)
	}
	g.write(a.stdout, "")
	for _, t := range tables {
		if t.seen.Rejected > 0 {
			fmt.Fprintf(a.stdout, "\n%s: records that are no rows: %d, the first on line %d: %s\n", t.path, t.seen.Rejected, t.seen.First.Line, t.seen.First.Reason)
		}
	}
	a.tellPersonal(tables)
	word := shellWord(filepath.Clean(dir))
	fmt.Fprintf(a.stdout, `
wrote %[1]s/%[2]s and a dbt project beside it

next:
  apotheca run %[1]s          types, keys and personal data are proposals: see %[1]s/%[2]s
`, word, declaration.File)
}

// tellPersonal says which columns were marked as personal data: by their names
// alone, so that a person has to look.
func (a *app) tellPersonal(tables []*proposal) {
	var columns []string
	for _, t := range tables {
		for _, name := range t.names {
			if personal.MatchString(name) {
				columns = append(columns, t.name+"."+name)
			}
		}
	}
	fmt.Fprintln(a.stdout)
	if len(columns) == 0 {
		fmt.Fprintln(a.stdout, "personal data: no column is called like any; is one? then mark it pii: true")
		return
	}
	fmt.Fprintln(a.stdout, wrapped("", "personal data, by their names: "+strings.Join(columns, ", "), ". No value of the pipeline is said in messages; only models that say so may have them. Look at the others, too"))
}
