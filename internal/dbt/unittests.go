package dbt

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// UnitTest is a model's test against given rows.
type UnitTest struct {
	UniqueID         string
	Name             string
	Model            string // as written
	Version          any    // of the model, or nil
	PackageName      string
	Path             string
	OriginalFilePath string
	FQN              []string
	Description      string
	Given            []Given
	Expect           Fixture
	Overrides        UnitTestOverrides
	DependsOn        DependsOn
	Config           *Config
	Line             int

	versions  *jinja.Dict // include and exclude, as written
	overrides *jinja.Dict // as written; nil when there are none
}

// Given stands in for one input of the model.
type Given struct {
	// Input is the expression as written: ref('x'), source('a', 'b'), this.
	Input string
	// UniqueID is the node or source it names; for `this`, the model.
	UniqueID string
	Fixture  Fixture
}

// Fixture is a table written by hand: rows, or a query for format sql.
type Fixture struct {
	Format  string // dict, csv, sql
	Fixture string // name of the fixture file, or empty
	Rows    []FixtureRow
	SQL     string
}

// FixtureRow holds the columns a row names, in the order written.
type FixtureRow struct {
	Columns []string
	Values  []any
}

// UnitTestOverrides replace what the model's templates see.
type UnitTestOverrides struct {
	Macros  map[string]any
	Vars    map[string]any
	EnvVars map[string]any
}

// loadUnitTests makes a unit test of every declared one whose model exists.
func (l *loader) loadUnitTests() {
	for _, p := range l.patches.unitTests {
		u := l.readUnitTest(p)
		if u == nil {
			continue
		}
		for _, u := range l.unitTestVersions(u, p) {
			if other := l.p.UnitTests[u.UniqueID]; other != nil {
				l.fail(l.problemAt(p.file.shown, p.node, fmt.Sprintf("there are two unit tests named %q of one model: the other one is in %s:%d",
					u.Name, other.OriginalFilePath, other.Line), "rename one of them"))
				continue
			}
			l.p.UnitTests[u.UniqueID] = u
		}
	}
}

func (l *loader) readUnitTest(p *patch) *UnitTest {
	f := p.file
	u := &UnitTest{Name: p.name, Model: l.renderedText(f, child(p.node, "model")), PackageName: f.pkg.name, Path: f.relative,
		OriginalFilePath: f.original, Description: text(child(p.node, "description")), Line: p.node.Line}
	u.UniqueID = strings.Join([]string{"unit_test", u.PackageName, u.Model, u.Name}, ".")
	u.FQN = f.fqn(u.Model, u.Name)
	u.Config = l.resolveConfig(UnitTestResource, f.pkg, u.FQN, p.config)
	u.versions, _ = l.rendered(f, child(p.node, "versions")).(*jinja.Dict)
	if !u.Config.Enabled() {
		return nil
	}
	model := l.p.resolveRef(u.PackageName, Ref{Package: u.PackageName, Name: u.Model})
	if model == nil || model.ResourceType != Model {
		if l.p.lookup(l.p.index.disabled, u.PackageName, Ref{Name: u.Model}) != nil {
			return nil // a switched-off model takes its unit tests with it
		}
		problem := l.problemAt(f.shown, child(p.node, "model"), fmt.Sprintf("unit test '%s' tests the model '%s', which was not found", u.Name, u.Model), "")
		if near := nearest(u.Model, keysOf(l.p.index.nodes)); near != "" {
			problem.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.fail(problem)
		return nil
	}
	u.DependsOn.Nodes = []string{model.UniqueID}
	for _, g := range elements(child(p.node, "given")) {
		if given, ok := l.readGiven(f, u, model, g); ok {
			u.Given = append(u.Given, given)
		}
	}
	u.Expect = l.readFixture(f, child(p.node, "expect"))
	u.overrides, _ = l.rendered(f, child(p.node, "overrides")).(*jinja.Dict)
	u.Overrides = readOverrides(u.overrides)
	return u
}

// unitTestVersions makes a unit test of a versioned model one of each version
// it is meant for.
func (l *loader) unitTestVersions(u *UnitTest, p *patch) []*UnitTest {
	model := l.p.Nodes[u.DependsOn.Nodes[0]]
	include, _ := u.versions.Get("include")
	exclude, _ := u.versions.Get("exclude")
	if model == nil || model.Version == nil {
		if include != nil || exclude != nil {
			l.fail(l.problemAt(p.file.shown, keyNode(p.node, "versions"), fmt.Sprintf(
				"unit test '%s' should not have a versions include or exclude when referencing non-versioned model '%s'", u.Name, u.Model), "remove versions:"))
		}
		return []*UnitTest{u}
	}
	var out []*UnitTest
	for _, n := range l.p.index.nodes[model.Name] {
		v := jinja.Str(n.Version)
		if n.PackageName != model.PackageName || n.Version == nil || in(v, texts(exclude)...) || include != nil && !in(v, texts(include)...) {
			continue
		}
		one := *u
		one.UniqueID, one.Version = u.UniqueID+"_v"+v, n.Version
		one.DependsOn.Nodes = []string{n.UniqueID}
		out = append(out, &one)
	}
	if len(out) == 0 {
		l.fail(l.problemAt(p.file.shown, p.node, fmt.Sprintf("unit test '%s' referenced a version of '%s' which was not found", u.Name, u.Model), ""))
	}
	return out
}

func (l *loader) readGiven(f file, u *UnitTest, model *Node, n *yaml.Node) (Given, bool) {
	g := Given{Input: strings.TrimSpace(text(child(n, "input"))), Fixture: l.readFixture(f, n)}
	if g.Input == "this" {
		g.UniqueID = model.UniqueID
		return g, true
	}
	sc := &scope{p: l.p, pkg: f.pkg, level: levelFull, seen: &seen{}}
	if _, err := sc.renderText(context.Background(), f.shown, "{{ "+g.Input+" }}"); err != nil {
		l.fail(templateProblem(f.shown, n.Line, err))
		return g, false
	}
	at := &Node{UniqueID: u.UniqueID, ResourceType: UnitTestResource, PackageName: u.PackageName, OriginalFilePath: f.original, Line: n.Line, pkg: f.pkg}
	for _, r := range sc.seen.refs {
		target := l.p.resolveRef(u.PackageName, r)
		if target == nil {
			l.fail(l.p.missingRef(at, r))
			return g, false
		}
		g.UniqueID = target.UniqueID
	}
	for _, r := range sc.seen.sources {
		target := l.p.resolveSource(u.PackageName, r)
		if target == nil {
			l.fail(l.p.missingSource(at, r))
			return g, false
		}
		g.UniqueID = target.UniqueID
	}
	if g.UniqueID == "" {
		l.fail(l.problemAt(f.shown, n, fmt.Sprintf("the input %q is not a ref, a source or this", g.Input), "input: ref('…')"))
		return g, false
	}
	return g, true
}

func readOverrides(overrides *jinja.Dict) UnitTestOverrides {
	read := func(key string) map[string]any {
		d, ok := get(overrides, key).(*jinja.Dict)
		if !ok {
			return nil
		}
		out := map[string]any{}
		for _, k := range keysIn(d) {
			out[jinja.Str(k)], _ = d.Get(k)
		}
		return out
	}
	return UnitTestOverrides{Macros: read("macros"), Vars: read("vars"), EnvVars: read("env_vars")}
}

// readFixture reads rows in any of their forms: mappings, CSV or SQL, in place
// or in a file below tests/fixtures.
func (l *loader) readFixture(f file, n *yaml.Node) Fixture {
	fx := Fixture{Format: l.renderedText(f, child(n, "format")), Fixture: l.renderedText(f, child(n, "fixture"))}
	if fx.Format == "" {
		fx.Format = "dict"
	}
	rows := child(n, "rows")
	content := ""
	if rows != nil && rows.Kind == yaml.ScalarNode {
		content = rows.Value
	}
	if fx.Fixture != "" {
		from, ok := f.pkg.files.fixtures[fx.Fixture]
		if !ok {
			p := l.problemAt(f.shown, child(n, "fixture"), fmt.Sprintf("there is no fixture named '%s' below tests/fixtures", fx.Fixture), "")
			if near := nearest(fx.Fixture, keysOf(f.pkg.files.fixtures)); near != "" {
				p.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			l.fail(p)
			return fx
		}
		content, _ = l.read(from)
	}
	switch fx.Format {
	case "dict":
		for _, r := range elements(rows) {
			row := FixtureRow{}
			for _, e := range entries(r) {
				row.Columns = append(row.Columns, e.key)
				row.Values = append(row.Values, l.rendered(f, e.value))
			}
			fx.Rows = append(fx.Rows, row)
		}
		fx.promoteFullRow()
	case "csv":
		fx.Rows = l.csvRows(f, n, content)
	case "sql":
		fx.SQL = strings.TrimSuffix(content, "\n")
	default:
		l.fail(l.problemAt(f.shown, child(n, "format"), fmt.Sprintf("a fixture's format is dict, csv or sql, not %q", fx.Format), ""))
	}
	return fx
}

// promoteFullRow swaps the first row without NULL to the front, as dbt does for
// databases that take the types of columns from the first one.
func (fx *Fixture) promoteFullRow() {
	full := slices.IndexFunc(fx.Rows, func(r FixtureRow) bool { return !slices.Contains(r.Values, nil) })
	if full > 0 {
		fx.Rows[0], fx.Rows[full] = fx.Rows[full], fx.Rows[0]
	}
}

// csvRows reads rows written as CSV; an empty field is NULL.
func (l *loader) csvRows(f file, n *yaml.Node, content string) []FixtureRow {
	r := csv.NewReader(strings.NewReader(strings.TrimSpace(content)))
	r.TrimLeadingSpace = true
	records, err := r.ReadAll()
	if err != nil {
		l.fail(l.problemAt(f.shown, n, "the rows are not CSV: "+err.Error(), ""))
		return nil
	}
	var rows []FixtureRow
	for i, record := range records {
		if i == 0 {
			continue
		}
		row := FixtureRow{Columns: make([]string, len(record)), Values: make([]any, len(record))}
		for j, v := range record {
			row.Columns[j] = strings.TrimSpace(records[0][j])
			if v != "" {
				row.Values[j] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}
