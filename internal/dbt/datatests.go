package dbt

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// testDeclaration is a generic data test as it stands in a properties file.
type testDeclaration struct {
	patch  *patch
	node   *yaml.Node
	column *ColumnInfo
	// target names what is tested in the test's own name; refers is the call
	// that finds it.
	target, refers string
	fileKey        string
	onSource       bool
	tags           []string
}

// declareTests collects the tests of an entry and of its columns.
func (l *loader) declareTests(p *patch) {
	if p.kind != "models" && p.kind != "seeds" && p.kind != "snapshots" {
		return
	}
	base := testDeclaration{patch: p, target: p.name, refers: "ref('" + p.name + "')", fileKey: p.kind + "." + p.name}
	if p.version != nil {
		v := jinja.Str(p.version.version)
		base.target += "_v" + v
		base.refers = "ref('" + p.name + "', version='" + v + "')"
	}
	l.collectTests(p, p.node, p.columns, base)
}

func (l *loader) declareSourceTests() {
	for _, p := range l.patches.sources {
		l.testKeys(p, p.node) // a source itself has no tests
		for _, t := range elements(child(p.node, "tables")) {
			name := text(child(t, "name"))
			l.collectTests(p, t, l.columns(p.file, t), testDeclaration{
				patch: p, target: p.name + "_" + name, refers: fmt.Sprintf("source('%s', '%s')", p.name, name),
				fileKey: "sources." + p.name, onSource: true, tags: sourceTags(p.config, l.tableConfig(p, t)),
			})
		}
	}
}

// testKeys are the tests under data_tests or its old name tests.
func (l *loader) testKeys(p *patch, n *yaml.Node) []*yaml.Node {
	old, now := keyNode(n, "tests"), keyNode(n, "data_tests")
	if old != nil && now != nil {
		l.fail(l.problemAt(p.file.shown, old, "tests and data_tests are the same key; only one may be there", "move these under data_tests:"))
		return nil
	}
	v := child(n, "data_tests")
	if now == nil {
		v = child(n, "tests")
	}
	if !isNull(v) && v.Kind != yaml.SequenceNode {
		l.fail(l.problemAt(p.file.shown, v, "data_tests must be a list", "- unique"))
		return nil
	}
	return elements(v)
}

func (l *loader) collectTests(p *patch, n *yaml.Node, columns []ColumnInfo, base testDeclaration) {
	for _, c := range elements(child(n, "columns")) {
		for _, t := range l.testKeys(p, c) {
			d := base
			d.node, d.column = t, columnNamed(columns, l.renderedText(p.file, child(c, "name")))
			if d.column != nil {
				d.tags = append(d.tags[:len(d.tags):len(d.tags)], d.column.Tags...)
			}
			l.tests = append(l.tests, &d)
		}
	}
	for _, t := range l.testKeys(p, n) {
		d := base
		d.node = t
		l.tests = append(l.tests, &d)
	}
}

// columnNamed is the last column of that name, or nil.
func columnNamed(columns []ColumnInfo, name string) *ColumnInfo {
	for i := len(columns) - 1; i >= 0; i-- {
		if columns[i].Name == name {
			return &columns[i]
		}
	}
	return nil
}

// loadDataTests makes a node of every declared test.
func (l *loader) loadDataTests() {
	l.declareSourceTests()
	nodes := make([]*Node, len(l.tests))
	parallel(len(l.tests), func(i int) { nodes[i] = l.readTest(l.tests[i]) })
	for i, n := range nodes {
		if n == nil {
			continue
		}
		if other := l.p.Nodes[n.UniqueID]; other != nil {
			l.fail(Problem{File: n.shownFile(), Line: l.tests[i].node.Line, Message: duplicateTest(n, other), Hint: "give one of them a name: of its own"})
			continue
		}
		l.addNode(n)
	}
}

var testNamePattern = pattern(`^(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)$`)

// readTest makes the node of one declared test.
func (l *loader) readTest(d *testDeclaration) *Node {
	f := d.patch.file
	name, arguments, ok := l.testArguments(d)
	if !ok {
		return nil
	}
	m := testNamePattern().FindStringSubmatch(name)
	if m == nil {
		l.fail(l.problemAt(f.shown, d.node, fmt.Sprintf("%q is not the name of a test", name), ""))
		return nil
	}
	meta := &TestMetadata{Namespace: m[1], Name: m[2], FileKeyName: d.fileKey, on: d.patch}
	if d.column != nil {
		meta.ColumnName = d.column.Name
		if d.column.Quote != nil && *d.column.Quote {
			meta.ColumnName = quoteIdentifier(d.column.Name)
		}
	}
	if !l.testExists(d, meta) {
		return nil
	}
	meta.refers = d.refers
	arguments.Set("model", "{{ get_where_subquery("+d.refers+") }}")
	config, ok := l.testConfig(d, arguments)
	if !ok {
		return nil
	}
	n := &Node{ResourceType: DataTest, PackageName: f.pkg.name, OriginalFilePath: f.original, Language: "sql",
		Line: d.node.Line, pkg: f.pkg, Test: meta, Checksum: Checksum{Name: "none"}}
	if v, ok := arguments.Get("description"); ok {
		n.Description = jinja.Str(v)
		arguments.Del("description")
	}
	short := ""
	if v, ok := arguments.Get("name"); ok {
		n.Name = jinja.Str(v)
		short = n.Name
		arguments.Del("name")
	} else {
		short, n.Name = testNames(meta, d, arguments)
		if short != n.Name && !has(config, "alias") {
			config.Set("alias", short)
		}
	}
	meta.kwargs = arguments
	n.Path = short + ".sql"
	n.FQN = f.fqn(n.Name)
	n.UniqueID = "test." + n.PackageName + "." + n.Name + "." + testHash(n.Name, meta)
	n.RawCode = testCode(meta, config)
	l.parseTest(n, d, config)
	return n
}

// testArguments reads the two forms a test may be written in: its name, or a
// mapping from its name to its arguments.
func (l *loader) testArguments(d *testDeclaration) (string, *jinja.Dict, bool) {
	f := d.patch.file
	arguments := jinja.NewDict()
	name := ""
	keys := entries(d.node)
	switch {
	case d.node.Kind == yaml.ScalarNode:
		name = text(d.node)
	case child(d.node, "test_name") != nil:
		name = text(child(d.node, "test_name"))
		for _, e := range keys {
			if e.key != "test_name" {
				arguments.Set(e.key, plain(e.value))
			}
		}
	case len(keys) == 1:
		name = keys[0].key
		if !isNull(keys[0].value) && keys[0].value.Kind != yaml.MappingNode {
			l.fail(l.problemAt(f.shown, keys[0].value, fmt.Sprintf("the arguments of test %s must be a mapping", name), name+": {arguments: {…}}"))
			return "", nil, false
		}
		if v, ok := plain(keys[0].value).(*jinja.Dict); ok {
			arguments = v
		}
	default:
		l.fail(l.problemAt(f.shown, d.node, "a test is a name, or one name with its arguments below it", "indent the arguments one step more than the test's name"))
		return "", nil, false
	}
	nested, ok := arguments.Get("arguments")
	if l.p.behaves("require_generic_test_arguments_property") {
		l.warnOfTopLevelArguments(d, name, arguments, nested)
	} else if ok {
		l.warn(l.deprecated(d.patch.file, d.node, "ArgumentsPropertyInGenericTestDeprecation", fmt.Sprintf(
			"Found `arguments` property in test definition of `%s` (%s) without usage of `require_generic_test_arguments_property` behavior change flag. The `arguments` property is deprecated for custom usage and will be used to nest keyword arguments in future versions of dbt.",
			name, jinja.Repr(nested)), map[string]any{"test_name": name}))
		ok = false
	}
	if v := nested; ok {
		arguments.Del("arguments")
		if nested, ok := v.(*jinja.Dict); ok {
			for _, k := range keysIn(nested) {
				e, _ := nested.Get(k)
				arguments.Set(k, e)
			}
		}
	}
	if has(arguments, "model") {
		l.fail(l.problemAt(f.shown, d.node, fmt.Sprintf("test %s has an argument named model, which dbt passes itself", name), "rename the argument"))
		return "", nil, false
	}
	if d.column != nil {
		column := d.column.Name
		if d.column.Quote != nil && *d.column.Quote {
			column = quoteIdentifier(column)
		}
		arguments.Set("column_name", column)
	}
	return name, arguments, true
}

func (l *loader) testExists(d *testDeclaration, meta *TestMetadata) bool {
	full := "test_" + meta.Name
	if meta.Namespace != "" {
		if l.p.macroIn(meta.Namespace, full) != nil {
			return true
		}
	} else if l.p.findMacro(d.patch.file.pkg, full) != nil {
		return true
	}
	p := l.problemAt(d.patch.file.shown, d.node, fmt.Sprintf("there is no generic test named '%s'", testLabel(meta)), "")
	var known []string
	for _, m := range l.p.Macros {
		if test, ok := strings.CutPrefix(m.Name, "test_"); ok {
			known = append(known, test)
		}
	}
	if near := nearest(meta.Name, known); near != "" {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	} else if meta.Namespace != "" && l.p.packages[meta.Namespace] == nil {
		p.Hint = fmt.Sprintf("package %q is not installed", meta.Namespace)
	}
	l.fail(p)
	return false
}

func testLabel(meta *TestMetadata) string {
	if meta.Namespace != "" {
		return meta.Namespace + "." + meta.Name
	}
	return meta.Name
}

// testConfigs are the arguments of a test that configure it.
var testConfigs = []string{"severity", "tags", "enabled", "where", "limit", "warn_if", "error_if", "fail_calc", "store_failures",
	"store_failures_as", "meta", "database", "schema", "alias"}

// testConfig takes the configs out of a test's arguments. They may stand among
// them or below config:, but not in both places.
func (l *loader) testConfig(d *testDeclaration, arguments *jinja.Dict) (*jinja.Dict, bool) {
	f := d.patch.file
	config := jinja.NewDict()
	nested := jinja.NewDict()
	if v, ok := arguments.Get("config"); ok {
		arguments.Del("config")
		if c, ok := v.(*jinja.Dict); ok {
			nested = c
		} else if v != nil {
			l.fail(l.problemAt(f.shown, d.node, "config of a test must be a mapping", "config: {severity: warn}"))
			return nil, false
		}
	}
	add := func(key string, v any) {
		if s, ok := v.(string); ok && hasTemplate(s) {
			v = l.native(l.yamlScope(f.pkg), f.shown, &yaml.Node{Kind: yaml.ScalarNode, Value: s, Line: d.node.Line})
		}
		if v != nil {
			config.Set(key, v)
		}
	}
	for _, key := range testConfigs {
		if nested.Len() == 0 && !has(arguments, key) {
			continue
		}
		v, top := arguments.Get(key)
		n, below := nested.Get(key)
		arguments.Del(key)
		nested.Del(key)
		if top && below && v != nil {
			l.fail(l.problemAt(f.shown, d.node, fmt.Sprintf("test config %s stands twice, at the top and under config", key), "remove one of the two"))
			return nil, false
		}
		if v == nil || v == false || v == "" {
			if below {
				v = n
			}
		}
		add(key, v)
	}
	for _, k := range keysIn(nested) {
		v, _ := nested.Get(k)
		add(jinja.Str(k), v)
	}
	return config, true
}

var notWord = pattern(`[^0-9a-zA-Z_]+`)

// testNames makes a test's name of what it tests and how. A name of 64
// characters or more has a short form, for files and relations.
func testNames(meta *TestMetadata, d *testDeclaration, arguments *jinja.Dict) (short, full string) {
	kind := meta.Name
	if d.onSource {
		kind = "source_" + kind
	}
	if meta.Namespace != "" {
		kind = meta.Namespace + "_" + kind
	}
	var flat []string
	keys := texts(jinja.NewList(keysIn(arguments)...))
	sort.Strings(keys)
	for _, k := range keys {
		if k == "model" {
			continue
		}
		v, _ := arguments.Get(k)
		parts := []any{v}
		switch x := v.(type) {
		case *jinja.Dict:
			parts = x.Vals()
		case *jinja.List:
			parts = x.V
		}
		for _, part := range parts {
			flat = append(flat, notWord().ReplaceAllString(jinja.Str(part), "_"))
		}
	}
	identifier := kind + "_" + d.target
	full = identifier + "_" + strings.Join(flat, "__")
	if len([]rune(full)) < 64 {
		return full, full
	}
	head := []rune(identifier)
	return string(head[:min(30, len(head))]) + "_" + md5Hex(full), full
}

// testHash tells tests of the same name apart: the end of the md5 of the name
// and of Python's repr of the metadata, its keys sorted, its scalars texts.
func testHash(name string, meta *TestMetadata) string {
	namespace := any(nil)
	if meta.Namespace != "" {
		namespace = meta.Namespace
	}
	metadata := jinja.NewDict("kwargs", meta.kwargs, "name", meta.Name, "namespace", namespace)
	sum := md5Hex(string(appendHashed(append(make([]byte, 0, 512), name...), metadata)))
	return sum[len(sum)-10:]
}

func appendHashed(b []byte, v any) []byte {
	switch x := v.(type) {
	case *jinja.Dict:
		keys := texts(jinja.NewList(keysIn(x)...))
		sort.Strings(keys)
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(append(b, jinja.Repr(k)...), ": "...)
			e, _ := x.Get(k)
			b = appendHashed(b, e)
		}
		return append(b, '}')
	case *jinja.List:
		b = append(b, '[')
		for i, e := range x.V {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendHashed(b, e)
		}
		return append(b, ']')
	}
	return append(b, jinja.Repr(jinja.Str(v))...)
}

// kwargsName is where a generic test's template finds its arguments.
const kwargsName = "_dbt_generic_test_kwargs"

// testCode is the raw code of a generic test: a call of its macro, and its
// configs.
func testCode(meta *TestMetadata, config *jinja.Dict) string {
	call := "test_" + meta.Name
	if meta.Namespace != "" {
		call = meta.Namespace + "." + call
	}
	code := "{{ " + call + "(**" + kwargsName + ") }}"
	if config.Len() == 0 {
		return code
	}
	var parts []string
	for _, k := range keysIn(config) {
		v, _ := config.Get(k)
		if s, ok := v.(string); ok {
			parts = append(parts, jinja.Str(k)+`="`+strings.ReplaceAll(s, `"`, `\"`)+`"`)
		} else {
			parts = append(parts, jinja.Str(k)+"="+jinja.Repr(v))
		}
	}
	return code + "{{ config(" + strings.Join(parts, ",") + ") }}"
}

// parseTest renders a generic test with execute false, to find its refs. As in
// dbt, of its own tests unique and not_null it is known without that.
func (l *loader) parseTest(n *Node, d *testDeclaration, config *jinja.Dict) {
	n.Config = newConfig() // not known before its macro was rendered
	n.Alias, n.Schema, n.Database = n.Name, l.p.Target.Schema, l.p.Target.Database
	sc := &scope{p: l.p, pkg: n.pkg, level: levelFull, node: n, seen: &seen{}}
	macro, static := l.p.testMacro(n), false
	if macro != nil {
		sc.seen.macros, sc.visible = append(sc.seen.macros, macro.UniqueID), l.macrosOfTest(macro)
	}
	if macro == nil || macro.PackageName != builtinName || !in(macro.Name, "test_unique", "test_not_null") || !sc.readStatic("{{ "+n.Test.refers+" }}") {
		l.renderTest(n, sc)
	} else {
		static = true
		if v := d.patch.version; v != nil && len(sc.seen.refs) > 0 {
			sc.seen.refs[0].Version = v.version
		}
		if config.Len() > 0 {
			_, _ = configValue{sc}.Call(nil, nil, config)
		}
	}
	n.Refs, n.SourceRefs, n.DependsOn.Macros = sc.seen.refs, sc.seen.sources, sc.seen.macros
	declared := jinja.NewDict()
	if tags, ok := config.Get("tags"); ok && !static { // dbt counts them twice
		declared.Set("tags", tags)
	}
	l.configureTest(n, d, declared, sc.seen)
}

func (l *loader) renderTest(n *Node, sc *scope) {
	err := sc.bindKwargs(context.Background())
	if err == nil {
		_, err = sc.renderNode(context.Background(), n)
	}
	if err != nil {
		l.fail(templateProblem(n.shownFile(), n.Line, err))
	}
}

// configureTest resolves a test's configs: those of its macro come before those
// of its declaration.
func (l *loader) configureTest(n *Node, d *testDeclaration, declared *jinja.Dict, s *seen) {
	n.Config = l.resolveConfig(DataTest, n.pkg, n.FQN, declared, s.config)
	n.UnrenderedConfig = l.unrenderedConfig(n, nil, s.written)
	n.Tags = unique(append(n.Config.Tags(), d.tags...))
	n.Group = n.Config.String("group")
	l.checkConfig(n)
	l.nameRelation(n)
}
