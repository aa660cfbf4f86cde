package jinja_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

type pythonAnswer struct {
	Text  string
	Error string
}

// python renders templates with jinja2, or skips the test and says what is missing.
func python(t *testing.T, templates []string) []pythonAnswer {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3 on the PATH; this test compares with Python's jinja2")
	}
	in, err := json.Marshal(templates)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "testdata/differential.py")
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skipf("SKIPPED: %s has no jinja2; put a Python that has it first on the PATH", path)
	}
	if err != nil {
		t.Fatalf("run %s: %v\n%s", path, err, stderr.String())
	}
	var answers []pythonAnswer
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// incomparable are answers that differ on purpose: Python prints addresses of
// objects, shows that a text is marked as safe HTML,
// refuses unknown filters also where they are not reached, and takes a slice of
// a constant that has none for undefined.
func incomparable(want pythonAnswer, err error) bool {
	return strings.HasPrefix(want.Error, "TimeoutError") || strings.Contains(want.Text, " at 0x") || strings.Contains(want.Text, "<built-in") || strings.Contains(want.Text, "Markup(") ||
		strings.Contains(want.Error, "No filter named") ||
		err != nil && (strings.Contains(err.Error(), "cannot be sliced") || strings.Contains(err.Error(), "too large"))
}

// compareWithPython fails for every template that renders differently.
// Of errors it compares only that both have one: their texts are our own.
func compareWithPython(t *testing.T, templates []string) {
	t.Helper()
	compared := 0
	for i, want := range python(t, templates) {
		got, err := render(t, templates[i], nil)
		if incomparable(want, err) {
			continue
		}
		compared++
		switch {
		case want.Error != "" && err == nil:
			t.Errorf("%s\n got %q\nwant error %s", templates[i], got, want.Error)
		case want.Error == "" && err != nil:
			t.Errorf("%s\n got error %v\nwant %q", templates[i], err, want.Text)
		case got != want.Text:
			t.Errorf("%s\n got %q\nwant %q", templates[i], got, want.Text)
		}
	}
	t.Logf("compared %d of %d templates", compared, len(templates))
}

// TestDifferential renders written templates with this engine and with Python's.
func TestDifferential(t *testing.T) {
	t.Parallel()
	var templates []string
	readJSON(t, "testdata/differential.json", &templates)
	compareWithPython(t, templates)
}

// How many templates are made up, and from which seed: Python compiles each of
// them, which takes a few seconds for the default.
var (
	randomTemplates = flag.Int("templates", 1_000, "templates to make up")
	randomSeed      = flag.Uint64("seed", 1, "seed they are made up from")
)

// TestDifferentialRandom does so with made-up templates, the same ones for one seed.
func TestDifferentialRandom(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(*randomSeed, 2))}
	templates := make([]string, *randomTemplates)
	for i := range templates {
		templates[i] = g.template()
	}
	compareWithPython(t, templates)
}

// generator makes templates up. Most are sensible in type, since two errors
// agree too easily.
type generator struct{ *rand.Rand }

func (g generator) pick(options ...string) string { return options[g.IntN(len(options))] }

func (g generator) template() string {
	var b strings.Builder
	b.WriteString("{% set n = 3 %}{% set s = 'ab c' %}{% set l = [2, 'x', none] %}{% set d = {'k': 1, 'b': [1, 2]} %}")
	for range 1 + g.IntN(3) {
		b.WriteString(g.statement(2))
	}
	return b.String()
}

func (g generator) statement(depth int) string {
	if depth == 0 {
		return "{{ " + g.value(2) + " }}"
	}
	inner := func() string { return g.statement(depth - 1) }
	switch g.IntN(10) {
	case 0:
		return "{%" + g.pick("", "-") + " if " + g.value(2) + " %} a\n" + inner() + "{% else " + g.pick("", "-") + "%} b " + inner() + "{% endif %}\n"
	case 1:
		return "{% for x in (" + g.list(1) + ")|list %}{{ x }}{{ loop." + g.pick("index", "first", "last", "revindex", "length") + " }}" + inner() + "{% else %}" + inner() + "{% endfor %}"
	case 2:
		return "{% set " + g.pick("n", "s", "l", "d", "x") + " = " + g.value(2) + " %}" + inner()
	case 3:
		return "{% set x %} t" + inner() + "{% endset %}{{ x" + g.pick("", "|trim", "|length", "|upper") + " }}"
	case 4:
		return "{% macro m(a, b=" + g.value(1) + ") %}<{{ a }}{{ b }}" + g.pick("", "{{ varargs }}", "{{ kwargs }}") + ">{% endmacro %}{{ m(" + g.pick("", "1", "1, 2", "1, 2, 3", "b=1", "1, c=2", "*l", "**d") + ") }}"
	case 5:
		return "{% do l." + g.pick("append("+g.value(1)+")", "extend("+g.list(1)+")", "insert(0, n)", "pop()", "clear()", "sort()") + " %}{{ l }}"
	case 6:
		return "{% do d." + g.pick("update({'z': n})", "update(q=1)", "pop('k')", "setdefault('y', s)", "clear()") + " %}{{ d }}"
	}
	return "{{ " + g.value(3) + " }}"
}

// value is an expression of any type.
func (g generator) value(depth int) string {
	switch g.IntN(6) {
	case 0:
		return g.number(depth)
	case 1, 2:
		return g.text(depth)
	case 3:
		return g.list(depth)
	case 4:
		return g.truth(depth)
	}
	return g.mixed(depth)
}

func (g generator) mixed(depth int) string {
	if depth == 0 {
		return g.pick("none", "true", "d", "nope", "x", "l", "d.b", "d.nope", "l[0]", "l[9]", "(1, 2)", "{}", "()")
	}
	a, b := g.value(depth-1), g.value(depth-1)
	switch g.IntN(8) {
	case 0:
		return a + " " + g.pick("+", "-", "*", "/", "//", "%", "~") + " " + b
	case 1:
		return a + " " + g.pick("==", "!=", "<", ">=", "in", "not in", "and", "or") + " " + b
	case 2:
		return "(" + a + " if " + g.truth(depth-1) + " else " + b + ")"
	case 3:
		return "(" + a + ")|" + g.pick("length", "string", "list", "first", "int", "float", "upper", "tojson", "default(1)", "sort", "join", "abs", "round", "sum", "max", "unique|list", "reverse|list", "title", "is_list", "wordcount", "dictsort", "pprint", "filesizeformat", "urlencode", "xmlattr")
	case 4:
		return "{" + a + ": " + b + ", 'k': 2}" + g.pick("", ".k", "['k']", ".items()|list", ".get(1)", "|dictsort")
	case 5:
		return "(" + a + ")" + g.pick("[0]", "[-1]", "[1:]", "[::-1]", ".k", ".upper()", ".k.k", "['a']")
	}
	return a
}

func (g generator) number(depth int) string {
	if depth == 0 {
		return g.pick("0", "1", "2", "7", "-3", "2.5", "0.1", "-1.5", "1e3", "n", "10", "true", "2 ** 70", "9223372036854775807", "-12345678901234567890123")
	}
	a, b := g.number(depth-1), g.number(depth-1)
	switch g.IntN(7) {
	case 0:
		return "(" + a + g.pick("+", "-", "*", "//", "%", "/") + b + ")"
	case 1:
		return a + " ** " + g.pick("0", "1", "2", "-1")
	case 2:
		return "(" + a + ")|" + g.pick("abs", "round", "round(1)", "int", "float", "round(1, 'floor')", "round(method='ceil')")
	case 3:
		return g.text(depth-1) + "|length"
	case 4:
		return g.list(depth-1) + "|" + g.pick("length", "sum", "first", "max", "min")
	case 5:
		return "-" + a
	}
	return a
}

func (g generator) text(depth int) string {
	if depth == 0 {
		return g.pick("''", "'a'", "'Hello World'", "'a,b,,c'", "' x '", "'12'", "'3.5'", `"it's"`, `'é\n'`, "s", "'%s-%s'", "'{}:{}'")
	}
	a, b := g.text(depth-1), g.text(depth-1)
	switch g.IntN(9) {
	case 0:
		return "(" + a + " ~ " + g.value(depth-1) + ")"
	case 1:
		return a + "|" + g.pick("upper", "lower", "title", "capitalize", "trim", "replace('a', "+b+")", "indent(2)", "reverse", "string", "center(9)", "truncate(4, true, '')", "tojson", "escape", "striptags", "wordwrap(5)", "wordwrap(3, false)", "urlencode", "pprint")
	case 2:
		return a + "." + g.pick("upper()", "title()", "strip()", "strip('a')", "lstrip()", "replace(',', ';')", "zfill(5)", "center(8, '*')", "ljust(4)", "swapcase()", "expandtabs(4)", "translate({97: 'xy'})", "casefold()", "capitalize()", "removesuffix('a')", "replace('a', 'b', 1)")
	case 3:
		return a + g.pick("[0]", "[-1]", "[1:3]", "[::-1]", "[:n]", "[5:1:-2]")
	case 4:
		return "(" + a + " % (" + g.value(depth-1) + ", " + g.value(depth-1) + "))"
	case 5:
		return a + ".format(" + g.value(depth-1) + ", " + g.value(depth-1) + ")"
	case 6:
		return "'" + g.pick("%d", "%5.1f", "%s", "%r", "%x", "%-6s|", "%+d", "%e", "%g", "%03d") + "' % " + g.pick("", "(") + g.number(depth-1) + g.pick("", ")", ",)")
	case 7:
		return "'" + g.pick("{:5}", "{:>6}", "{:<6}|", "{:^7}", "{:.1f}", "{:,}", "{:05}", "{:+}", "{!r}", "{:e}", "{:g}", "{:d}", "{:x}", "{:%}") + "'.format(" + g.pick(g.number(depth-1), g.text(depth-1)) + ")"
	}
	return g.list(depth-1) + "|join(" + b + ")"
}

func (g generator) list(depth int) string {
	if depth == 0 {
		return g.pick("[]", "[1, 2, 3]", "['b', 'A', 'c']", "[3, 1, 2]", "l", "range(4)", "[[1, 2], [3, 4]]", "[{'k': 2}, {'k': 1}]", "(1, 'a')", "d", "[1.5, none, true]")
	}
	a := g.list(depth - 1)
	switch g.IntN(7) {
	case 0:
		return "(" + a + ")|" + g.pick("sort", "sort(reverse=true)", "unique|list", "list", "reverse|list", "map('string')|list", "map('upper')|list", "select|list", "select('string')|list", "reject('none')|list", "map(attribute='k')|list", "selectattr('k', 'gt', 1)|list", "batch(2)|list", "batch(2, 0)|list", "slice(2)|list", "groupby('k')|list", "sort(attribute='k')")
	case 1:
		return "(" + a + " + " + g.list(depth-1) + ")"
	case 2:
		return a + g.pick("[1:]", "[:-1]", "[::-1]", "[::2]", "[n:]")
	case 3:
		return "[" + g.value(depth-1) + ", " + g.value(depth-1) + "]"
	case 4:
		return g.text(depth-1) + "." + g.pick("split(',')", "split()", "split(' ', 1)", "rsplit(',', 1)", "splitlines()", "partition(',')")
	case 5:
		return "{'k': " + g.value(depth-1) + ", 2: 3}." + g.pick("items()", "keys()", "values()") + g.pick("", "|list")
	}
	return a
}

func (g generator) truth(depth int) string {
	if depth == 0 {
		return g.pick("true", "false", "n == 3", "nope is defined", "s is string")
	}
	v := g.value(depth - 1)
	switch g.IntN(6) {
	case 0:
		return "(" + v + ") is " + g.pick("", "not ") + g.pick("none", "defined", "string", "number", "mapping", "sequence", "iterable", "boolean", "integer", "float", "odd", "in l", "sameas none", "eq 1", "divisibleby 2", "lower", "callable", "true")
	case 1:
		return "not " + g.truth(depth-1)
	case 2:
		return g.number(depth-1) + " " + g.pick("<", "<=", "==", ">") + " " + g.number(depth-1)
	case 3:
		return g.text(depth-1) + " " + g.pick("in", "not in", "<", "==") + " " + g.text(depth-1)
	case 4:
		return "(" + g.truth(depth-1) + g.pick(" and ", " or ") + v + ")"
	}
	return g.text(depth-1) + "." + g.pick("startswith('a')", "isdigit()", "endswith(('a', 'c'))", "isupper()", "isalpha()", "isspace()", "isascii()", "isprintable()", "startswith('b', 1)")
}
