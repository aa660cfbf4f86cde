package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"apotheca/internal/csvfile"
	"apotheca/internal/declaration"
	"apotheca/internal/pipeline"
	"apotheca/internal/schema"
)

// proposal is a table that a file was seen to be.
type proposal struct {
	name      string
	like      string   // what the names of its files have in common
	paths     []string // as they were given
	files     []string // relative to the folder of the pipeline
	inspector csvfile.Inspector
	seen      *csvfile.Inspection
	names     []string // of the columns
	key       int      // the column that names a row, -1: none was found
}

// initCSV writes a pipeline for CSV files into a new folder: the declaration,
// and a dbt project that builds and tests one model a table.
func (a *app) initCSV(dir string, files []string) error {
	if _, err := os.Stat(filepath.Join(dir, declaration.File)); err == nil {
		return usagef("%s has a %s, and init overwrites nothing", dir, declaration.File).hint("--into names another folder")
	}
	var tables []*proposal
	for _, path := range files {
		var err error
		if tables, err = propose(dir, path, tables); err != nil {
			return err
		}
	}
	for _, t := range tables {
		t.settle(tables)
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

// propose looks at all of a file. One that is called like another and has its
// columns, such as that of the next day, is more of its table.
func propose(dir, path string, tables []*proposal) ([]*proposal, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("there is no file %s", path).hint("apotheca init --csv FILE… names files that are there")
	case err == nil && info.IsDir():
		return nil, usagef("%s is a folder", path).hint("apotheca init --csv %s/*.csv", shellWord(path))
	}
	file, err := relative(dir, path)
	if err != nil {
		return nil, err
	}
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	like := strings.Trim(notLetter.ReplaceAllString(strings.ToLower(base), "_"), "_")
	p := &proposal{like: like, key: -1}
	for _, t := range append(slices.Clone(tables), p) {
		if t.like != like {
			continue
		}
		same, err := t.inspect(path)
		if err != nil {
			return nil, &userError{message: err.Error(), advice: hintOf(err), code: exitUsage, cause: err}
		}
		if same {
			t.paths, t.files = append(t.paths, path), append(t.files, file)
			if t != p {
				return tables, nil
			}
		}
	}
	p.name = unused(identifier(base, "table"), taken(tables, p))
	return append(tables, p), nil
}

// taken are the names that a table cannot have.
func taken(tables []*proposal, but *proposal) []string {
	names := []string{"quarantine", "loaded_extract", "loaded_table"}
	for _, t := range tables {
		if t != but {
			names = append(names, t.name)
		}
	}
	return names
}

// inspect reads a file, if it is one of this table.
func (p *proposal) inspect(path string) (same bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return false, usagef("you may not read %s", path).hint("chmod +r, or its owner, gives the right to")
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	return p.inspector.Read(file, path)
}

// settle names what was seen.
func (p *proposal) settle(tables []*proposal) {
	p.seen = p.inspector.Result()
	for _, c := range p.seen.Columns {
		p.names = append(p.names, unused(identifier(c.Header, "column"), p.names))
	}
	if len(p.paths) > 1 { // it is called by none of its days
		p.name = unused(identifier(p.like, "table"), taken(tables, p))
	}
	p.findKey()
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

var notLetter = regexp.MustCompile(`[^\pL]+`)

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
	fmt.Fprintf(b, "  - name: %s\n", p.name)
	if len(p.files) == 1 {
		fmt.Fprintf(b, "    file: %s\n", strconv.Quote(p.files[0]))
	} else { // patterns are allowed
		b.WriteString("    files:  # patterns are allowed\n")
		for _, file := range p.files {
			fmt.Fprintf(b, "      - %s\n", strconv.Quote(file))
		}
	}
	if p.seen.Delimiter != ',' {
		delimiter := string(p.seen.Delimiter)
		if delimiter == "\t" {
			delimiter = "tab"
		}
		fmt.Fprintf(b, "    delimiter: '%s'\n", delimiter)
	}
	if p.key >= 0 {
		fmt.Fprintf(b, "    key: [%s]\n", p.names[p.key])
		if name := p.watermark(); name != "" {
			fmt.Fprintf(b, "    # watermark: %s  # the newest row of a key stays, and --only-new goes by it; make it required: true\n", name)
		}
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
		switch {
		case personal.MatchString(p.names[i]):
			b.WriteString("  # by its name: is it?")
		case c.Looks != "":
			b.WriteString("  # " + c.Looks + ": cast them in the model")
		case c.Empty == p.seen.Rows && c.Empty > 0:
			b.WriteString("  # nothing but empty fields")
		}
		b.WriteString("\n")
	}
}

// watermark is a column that may tell which of two rows is the newer.
func (p *proposal) watermark() string {
	first := ""
	for i, c := range p.seen.Columns {
		if c.Type != schema.Timestamp || c.Empty > 0 {
			continue
		}
		if changed.MatchString(p.names[i]) {
			return p.names[i]
		}
		if first == "" {
			first = p.names[i]
		}
	}
	return first
}

var changed = regexp.MustCompile(`(^|_)(updated|modified|changed|edited)($|_)`)

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
		file := t.paths[0]
		if n := len(t.paths) - 1; n > 0 {
			file += fmt.Sprintf(" and %d more", n)
		}
		g.add(t.name, file, pipeline.Grouped(t.seen.Rows), strconv.Itoa(len(t.names)), key)
	}
	g.write(a.stdout, "")
	for _, t := range tables {
		for i, remark := range t.remarks() {
			if i == 0 {
				fmt.Fprintln(a.stdout)
			}
			fmt.Fprintln(a.stdout, remark)
		}
	}
	fmt.Fprintln(a.stdout)
	a.tellPersonal(tables)
	word := shellWord(filepath.Clean(dir))
	fmt.Fprintf(a.stdout, `
wrote %[1]s/%[2]s and a dbt project beside it

next:
  apotheca run %[1]s          types, keys and personal data are proposals: see %[1]s/%[2]s
`, word, declaration.File)
}

// remarks are what a person should know of a table before it is run.
func (p *proposal) remarks() []string {
	var remarks []string
	if n := p.seen.Rejected; n > 0 {
		remarks = append(remarks, fmt.Sprintf("%s: records that are no rows: %s, the first on line %d: %s",
			p.seen.First.File, pipeline.Grouped(n), p.seen.First.Line, p.seen.First.Reason))
	}
	if p.seen.Rows == 0 {
		remarks = append(remarks, fmt.Sprintf("%s: there are no rows, and so no types: all are text", p.paths[0]))
	}
	if !slices.ContainsFunc(p.seen.Columns, func(c csvfile.Seen) bool { return strings.ContainsFunc(c.Header, unicode.IsLetter) }) {
		remarks = append(remarks, fmt.Sprintf("%s: its columns are called %s: has it no header line?", p.paths[0], strconv.Quote(p.seen.Columns[0].Header)+", …"))
	}
	for i, c := range p.seen.Columns {
		if c.Looks != "" {
			remarks = append(remarks, fmt.Sprintf("%s.%s: %s are no type; they are loaded as text, to be cast in the model", p.name, p.names[i], c.Looks))
		}
	}
	return remarks
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
	if len(columns) == 0 {
		fmt.Fprintln(a.stdout, "personal data: no column is called like any; is one? then mark it pii: true")
		return
	}
	fmt.Fprintln(a.stdout, wrapped("", "personal data, by their names: "+strings.Join(columns, ", "), ". No value of the pipeline is said in messages; only models that say so may have them. Look at the others, too"))
}
