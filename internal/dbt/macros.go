package dbt

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// Macro is a macro, a generic test or a materialization of the project, of a
// package or of dbt itself.
type Macro struct {
	UniqueID         string // macro.<package>.<name>; tests are named test_<name>
	Name             string
	PackageName      string
	Path             string
	OriginalFilePath string
	PatchPath        string
	SQL              string
	Description      string
	Arguments        []MacroArgument
	Meta             any
	Line             int

	docs *jinja.Dict // as declared
	call *jinja.Macro
}

// languages are those a materialization supports; nil for other macros.
func (m *Macro) languages() any {
	if m.call == nil || m.call.Block.Kind != "materialization" {
		return nil
	}
	if found := supportedLanguages().FindStringSubmatch(m.SQL); found != nil {
		l := jinja.NewList()
		for _, q := range quotedWord().FindAllStringSubmatch(found[1], -1) {
			l.V = append(l.V, q[1])
		}
		return l
	}
	return jinja.NewList("sql")
}

var (
	supportedLanguages = pattern(`^\{%-?\s*materialization\b[^%]*\bsupported_languages\s*=\s*\[([^\]]*)\]`)
	quotedWord         = pattern(`['"](\w+)['"]`)
)

// MacroArgument documents one argument.
type MacroArgument struct {
	Name, Type, Description string
}

// builtinMacros are dbt's own macros, in our words: the hook points that a
// project may override and the cross-database macros.
//
//go:embed macros/*.sql
var builtinMacros embed.FS

// builtinName is the namespace of dbt's own macros.
const builtinName = "dbt"

// loadMacros parses every macro file of every package.
func (l *loader) loadMacros() {
	l.p.builtin = &pkg{name: builtinName, macros: map[string]*Macro{}}
	l.loadBuiltins()
	var all []file
	tests := map[string]bool{} // files of generic tests, whose arguments dbt does not look at
	for _, p := range l.p.ordered() {
		p.macros = map[string]*Macro{}
		all = append(all, p.files.macros...)
		all = append(all, p.files.genericTests...)
		for _, f := range p.files.genericTests {
			tests[f.shown] = true
		}
	}
	named := l.p.behaves("validate_macro_args")
	parsed := make([]*jinja.Template, len(all))
	parallel(len(all), func(i int) {
		content, ok := l.read(all[i])
		if !ok {
			return
		}
		t, err := jinja.Parse(all[i].shown, content)
		if err != nil {
			l.fail(templateProblem(all[i].shown, 1, err))
			return
		}
		parsed[i] = t
	})
	for i, t := range parsed {
		if t != nil {
			l.defineMacros(all[i], t, named && !tests[all[i].shown])
		}
	}
	l.p.findStandardNames()
	l.p.findReplacements()
	l.p.findGraphUses()
}

// findStandardNames notes which of dbt's own macros for names no project's
// implementation takes the place of.
func (p *Project) findStandardNames() {
	p.standardNames = map[*Macro]bool{}
	for _, part := range []string{"database", "schema", "alias"} {
		m := p.builtin.macros["generate_"+part+"_name"]
		if m == nil {
			continue
		}
		own, err := p.dispatch(p.root, m.Name, builtinName)
		p.standardNames[m] = err == nil && own.PackageName == builtinName
	}
}

func (l *loader) loadBuiltins() {
	names, _ := fs.Glob(builtinMacros, "macros/*.sql")
	parsed := make([]*jinja.Template, len(names))
	parallel(len(names), func(i int) {
		content, err := builtinMacros.ReadFile(names[i])
		if err == nil {
			parsed[i], err = jinja.Parse("dbt/"+names[i], string(content))
		}
		if err != nil {
			l.fail(templateProblem(names[i], 1, err))
		}
	})
	for i, name := range names {
		if parsed[i] != nil {
			l.defineMacros(file{pkg: l.p.builtin, relative: path.Base(name), original: name, shown: name}, parsed[i], l.p.behaves("validate_macro_args"))
		}
	}
}

// ordered lists the packages: the root, then the others by name.
func (p *Project) ordered() []*pkg {
	out := []*pkg{p.root}
	for _, name := range keysOf(p.packages) {
		if name != p.root.name {
			out = append(out, p.packages[name])
		}
	}
	return out
}

// defineMacros keeps the macros of a file; named asks for their arguments.
func (l *loader) defineMacros(f file, t *jinja.Template, named bool) {
	defs := t.Defs()
	for _, b := range t.Blocks {
		name := b.MacroName()
		if name == "" {
			continue
		}
		m := &Macro{
			UniqueID: "macro." + f.pkg.name + "." + name, Name: name, PackageName: f.pkg.name,
			Path: f.original, OriginalFilePath: f.original, SQL: b.Text, Line: b.Pos.Line, call: defs[name],
		}
		if other := f.pkg.macros[name]; other != nil {
			l.fail(Problem{File: f.shown, Line: b.Pos.Line, Message: duplicateMacro(m, other), Hint: fmt.Sprintf("the other one is in %s:%d", other.OriginalFilePath, other.Line)})
			continue
		}
		if named {
			for _, p := range b.Params {
				m.Arguments = append(m.Arguments, MacroArgument{Name: p.Name})
			}
			if b.Kind == "materialization" {
				m.Arguments = []MacroArgument{{Name: "supported_languages"}} // how dbt keeps its option
			}
		}
		m.call.Scope = f.pkg.name
		f.pkg.macros[name] = m
		l.p.Macros[m.UniqueID] = m
		l.p.macroOf[b] = m
	}
}

// findMacro resolves a name as templates of a package see it. The package's
// own macros come first, then the root project's, then dbt's.
func (p *Project) findMacro(in *pkg, name string) *Macro {
	if in != nil && in != p.builtin {
		if m := in.macros[name]; m != nil {
			return m
		}
	}
	if m := p.root.macros[name]; m != nil {
		return m
	}
	if p.builtin != nil {
		return p.builtin.macros[name]
	}
	return nil
}

// macroIn resolves package.name; dbt means dbt's own macros.
func (p *Project) macroIn(pkgName, name string) *Macro {
	if pkgName == builtinName {
		return p.builtin.macros[name]
	}
	if in := p.packages[pkgName]; in != nil {
		return in.macros[name]
	}
	return nil
}

// prefixes are the adapters whose implementation of a macro fits, best first.
func (t Target) prefixes() []string {
	switch t.Type {
	case "redshift":
		return []string{"redshift", "postgres", "default"}
	case "databricks":
		return []string{"databricks", "spark", "default"}
	}
	return []string{t.Type, "default"}
}

// dispatch finds the implementation of a macro for the target's adapter.
func (p *Project) dispatch(in *pkg, name, namespace string) (*Macro, error) {
	if before, after, dotted := strings.Cut(name, "."); dotted {
		return nil, fmt.Errorf("In adapter.dispatch, got a macro name of %q, but \".\" is not a valid macro name component. Did you mean `adapter.dispatch(%q, macro_namespace=%q)`?", name, after, before) //nolint:staticcheck // dbt's words
	}
	search := []string{""}
	if namespace != "" {
		switch order := p.root.dispatch[namespace]; {
		case order != nil:
			search = order
		case namespace == builtinName || p.packages[namespace] != nil:
			search = []string{p.root.name, namespace}
		}
	}
	shown := namespace
	if shown == "" {
		shown = "None"
	}
	var tried []string
	for _, where := range search {
		for _, prefix := range p.Target.prefixes() {
			full := prefix + "__" + name
			var m *Macro
			if where == "" {
				m = p.findMacro(in, full)
				tried = append(tried, full)
			} else {
				m = p.macroIn(where, full)
				tried = append(tried, where+"."+full)
			}
			if m != nil {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("In dispatch: No macro named '%s' found within namespace: '%s'\n    Searched for: '%s'", name, shown, strings.Join(tried, "', '")) //nolint:staticcheck // dbt's words
}

// generateMacro finds generate_<part>_name for a package: its own if it is an
// installed package that has one, else the root project's, else dbt's.
func (p *Project) generateMacro(in *pkg, part string) *Macro {
	name := "generate_" + part + "_name"
	if in != nil && in != p.root && in.macros[name] != nil {
		return in.macros[name]
	}
	return p.findMacro(p.root, name)
}

// namespace is a package's macros as a value of templates: dbt_utils.star.
type namespace struct {
	sc   *scope
	name string
}

func (n namespace) GetAttr(name string) (any, bool) {
	if v, ok := n.sc.over.Macros[n.name+"."+name]; ok {
		return constantMacro(v), true
	}
	if m := n.sc.p.macroIn(n.name, name); n.sc.visible.has(m) {
		return m.call, true
	}
	if name == "get" {
		return jinja.Func(func(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
			if len(a) > 0 {
				if v, ok := n.GetAttr(jinja.Str(a[0])); ok {
					return v, nil
				}
			}
			return nil, nil
		}), true
	}
	return nil, false
}

func (namespace) TypeName() string { return "dict" }

func (namespace) IsMapping() bool { return true }

func (n namespace) Contains(key any) bool {
	_, ok := n.GetItem(key)
	return ok
}

func (n namespace) GetItem(key any) (any, bool) { return n.GetAttr(jinja.Str(key)) }

var dispatchCall = pattern(`adapter\s*\.\s*dispatch\s*\(\s*(?:macro_name\s*=\s*)?['"](\w+)['"](?:\s*,\s*(?:macro_namespace\s*=\s*)?['"](\w+)['"])?`)

// macroCalls lists the macros that a macro calls, in the order of its text.
func (p *Project) macroCalls(m *Macro) []string {
	in := p.packages[m.PackageName]
	ids := []string{}
	note := func(found *Macro) {
		if found != nil {
			ids = append(ids, found.UniqueID)
		}
	}
	bare := func(name string) {
		if name != m.Name && !slices.Contains([]string{"source", "ref", "config"}, name) {
			note(p.macroNamed(m.PackageName, name))
		}
	}
	for _, c := range calls(m.call.Block.Source) {
		switch {
		case c.dispatched:
			bare(c.name)
			found, _ := p.dispatch(in, c.name, c.of)
			note(found)
		case c.of == "adapter": // a method, whatever macros there are
		case c.of != "":
			note(p.macroNamed(c.of, c.name))
		default:
			bare(c.name)
		}
	}
	return unique(ids)
}

// macroNamed is the macro that dbt's parser takes a call for, of which it knows
// the name and what stands before the dot: a package's, or else any of that
// name. So it takes the method of a value for a macro.
func (p *Project) macroNamed(pkgName, name string) *Macro {
	if m := p.macroIn(pkgName, name); m != nil {
		return m
	}
	if m := p.root.macros[name]; m != nil {
		return m
	}
	for _, in := range slices.Backward(p.ordered()) {
		if m := in.macros[name]; m != nil && in != p.builtin {
			return m
		}
	}
	return p.builtin.macros[name]
}

// call is what looks like the call of a macro in a template's text: by name,
// of a package, or by dispatch in a namespace.
type call struct {
	name, of   string
	dispatched bool
}

// calls lists them in the order of the text.
func calls(source string) []call {
	body := templateCode(source)
	found := map[int]call{} // by place
	blank := blankText(body)
	for at := 0; ; at++ {
		next := strings.IndexByte(blank[at:], '(')
		if next < 0 {
			break
		}
		at += next
		start, c := calledAt(blank[:at])
		if c.name != "" && !strings.HasSuffix(strings.TrimRight(body[:start], " \t\r\n"), "|") { // no filter
			found[start] = c
		}
	}
	var dispatches [][]int
	if strings.Contains(body, "dispatch") { // most dispatch nothing, and looking is slow
		dispatches = dispatchCall().FindAllStringSubmatchIndex(body, -1)
	}
	for _, c := range dispatches {
		dispatched := call{name: body[c[2]:c[3]], dispatched: true}
		if c[4] >= 0 {
			dispatched.of = body[c[4]:c[5]]
		}
		found[c[0]] = dispatched
	}
	list := make([]call, 0, len(found))
	for _, at := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[at])
	}
	return list
}

// templateCode is what stands in braces, a tag a line.
func templateCode(source string) string {
	var tags []string
	for {
		open := strings.IndexByte(source, '{')
		if open < 0 || open+1 == len(source) {
			return strings.Join(tags, "\n")
		}
		source = source[open:]
		end := -1
		switch source[1] {
		case '{':
			end = strings.Index(source[2:], "}}")
		case '%':
			end = strings.Index(source[2:], "%}")
		case '#':
			end = strings.Index(source[2:], "#}")
		}
		if end < 0 {
			source = source[1:]
			continue
		}
		if source[1] != '#' {
			tags = append(tags, source[:end+4])
		}
		source = source[end+4:]
	}
}

// calledAt reads the name before a parenthesis, and the name before its dot;
// start is where it begins. What is no name before the dot, or has a dot before
// it, is no package: then nothing is called that could be a macro.
func calledAt(before string) (start int, c call) {
	before = strings.TrimRight(before, " \t\r\n\f")
	start = wordStart(before)
	if c.name = before[start:]; c.name == "" || isDigit(c.name[0]) {
		return start, call{}
	}
	const space = " \t\r\n\f"
	owner, dotted := strings.CutSuffix(strings.TrimRight(before[:start], space), ".")
	if !dotted {
		return start, c
	}
	owner = strings.TrimRight(owner, space)
	of := wordStart(owner)
	if of == len(owner) || isDigit(owner[of]) || strings.HasSuffix(strings.TrimRight(owner[:of], space), ".") {
		return start, call{}
	}
	return of, call{name: c.name, of: owner[of:]}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// wordStart is where the word begins with which a text ends.
func wordStart(text string) int {
	i := len(text)
	for i > 0 && (text[i-1] == '_' || isDigit(text[i-1]) || 'a' <= text[i-1]|0x20 && text[i-1]|0x20 <= 'z') {
		i--
	}
	return i
}

// blankText hides what stands in quotes, and keeps every place. A quote that
// nothing closes is an apostrophe.
func blankText(code string) string {
	blank := []byte(code)
	for i := 0; i < len(code); i++ {
		if code[i] != '\'' && code[i] != '"' {
			continue
		}
		if end := closing(code, i); end > 0 {
			for ; i < end; i++ {
				blank[i] = ' '
			}
			blank[end] = ' '
		}
	}
	return string(blank)
}

// closing is the place of the quote that ends the text begun at start, or 0.
func closing(code string, start int) int {
	for i := start + 1; i < len(code); i++ {
		switch code[i] {
		case '\\':
			i++
		case code[start]:
			return i
		}
	}
	return 0
}
