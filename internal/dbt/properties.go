package dbt

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// patches are what the properties files say, by what they say it of.
type patches struct {
	nodes     map[patchKey]*patch
	macros    map[patchKey]*patch
	sources   []*patch
	exposures []*patch
	semantics map[string][]*patch // metrics, semantic_models, saved_queries
	unitTests []*patch
	snapshots []*patch // those that are defined in YAML
}

type patchKey struct {
	pkg, kind, name string
}

// patch is one entry of a properties file.
type patch struct {
	file file
	kind string // models, seeds, …
	name string
	node *yaml.Node
	// config is `config:` rendered, with the top-level keys that are configs.
	config *jinja.Dict
	// unrendered is config as written; as in dbt it is rendered all the same
	// without the flag state_modified_compare_more_unrendered_values.
	unrendered *jinja.Dict
	columns    []ColumnInfo
	used       bool
	// version is set where the entry is one version of a model, and defines
	// names the file it stands in; otherwise that is name.
	version *modelVersion
	defines string
}

func newPatches() *patches {
	return &patches{nodes: map[patchKey]*patch{}, macros: map[patchKey]*patch{}, semantics: map[string][]*patch{}}
}

func (ps *patches) node(pkgName, kind, name string) *patch {
	return ps.nodes[patchKey{pkgName, kind, name}]
}

// fileName is the name of the file that the patch describes.
func (p *patch) fileName() string {
	if p.version != nil {
		return p.defines
	}
	return p.name
}

// path is the patch as the manifest has it: package://file.
func (p *patch) path() string { return p.file.pkg.name + "://" + p.file.original }

// loadProperties reads every YAML file of every package and reports whether
// one of them cannot be read at all.
func (l *loader) loadProperties() (unreadable bool) {
	var all []file
	for _, p := range l.p.ordered() {
		all = append(all, p.files.properties...)
	}
	found := make([][]*patch, len(all))
	read := make([]bool, len(all))
	parallel(len(all), func(i int) {
		var doc *yaml.Node
		if doc, read[i] = l.readYAML(all[i]); read[i] {
			found[i] = l.readProperties(all[i], doc)
		}
	})
	for _, patches := range found {
		for _, p := range patches {
			l.addEntry(p)
		}
	}
	return slices.Contains(read, false)
}

func (l *loader) readYAML(f file) (doc *yaml.Node, ok bool) {
	data, err := fs.ReadFile(l.o.FS, f.shown)
	if err != nil {
		l.fail(Problem{File: f.shown, Message: err.Error()})
		return nil, false
	}
	data = bytes.TrimRight(data, " \t\r\n") // as dbt reads files: a last block scalar ends without a newline
	if doc, err = parseYAML(data); err != nil {
		l.fail(yamlProblem(f.shown, err))
	}
	return doc, err == nil
}

// notSupported are the top-level keys of properties that say more than this
// runner can do.
var notSupported = map[string]string{
	"functions": "user-defined functions",
}

// readProperties reads the entries of one file.
func (l *loader) readProperties(f file, doc *yaml.Node) (found []*patch) {
	if doc != nil && doc.Kind != yaml.MappingNode {
		l.fail(l.problemAt(f.shown, doc, "a properties file is a mapping such as models: [...]", ""))
		return nil
	}
	for _, e := range entries(doc) {
		switch e.key {
		case "version", "anchors":
		case "models", "seeds", "snapshots", "analyses", "macros", "sources", "exposures", "groups", "unit_tests", "data_tests", "tests",
			"metrics", "semantic_models", "saved_queries":
			if !isNull(e.value) && e.value.Kind != yaml.SequenceNode {
				l.fail(l.problemAt(f.shown, e.value, e.key+" must be a list", "begin every entry with `- name:`"))
				continue
			}
			for _, n := range elements(e.value) {
				found = append(found, l.readEntry(f, e.key, n)...)
			}
		default:
			if what := notSupported[e.key]; what != "" {
				l.fail(l.problemAt(f.shown, e.at, what+" are not supported", "remove them, or keep them in a file outside model-paths"))
				continue
			}
			w := l.problemAt(f.shown, e.at, fmt.Sprintf("%q is not a key of a properties file; it has no effect", e.key), "")
			if near := nearest(e.key, []string{"models", "seeds", "snapshots", "analyses", "macros", "sources", "exposures", "groups", "unit_tests", "version"}); near != "" {
				w.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			l.warn(w)
		}
	}
	return found
}

// readEntry reads an entry; one of a model is as many as the model has versions.
func (l *loader) readEntry(f file, kind string, n *yaml.Node) []*patch {
	p := &patch{file: f, kind: kind, name: text(child(n, "name")), node: n}
	if n.Kind != yaml.MappingNode || p.name == "" {
		l.fail(l.problemAt(f.shown, n, "every entry of "+kind+" needs a name", "- name: …"))
		return nil
	}
	p.config, p.unrendered = l.configOf(f, kind, n)
	if p.kind == "tests" {
		p.kind = "data_tests"
	}
	all := []*patch{p}
	if p.kind == "models" && !isNull(child(n, "versions")) {
		all = l.versionPatches(p)
	}
	if p.ofNode() {
		for _, p := range all {
			p.columns = l.columns(f, p.node)
		}
	}
	return all
}

// ofNode tells whether the entry describes what has a file or columns of its own.
func (p *patch) ofNode() bool {
	switch p.kind {
	case "sources", "exposures", "unit_tests", "metrics", "semantic_models", "saved_queries", "groups", "macros":
		return false
	}
	return true
}

// addEntry puts an entry to those of its kind, in the order of the files.
func (l *loader) addEntry(p *patch) {
	switch p.kind {
	case "sources":
		l.patches.sources = append(l.patches.sources, p)
	case "exposures":
		l.patches.exposures = append(l.patches.exposures, p)
	case "unit_tests":
		l.patches.unitTests = append(l.patches.unitTests, p)
	case "metrics", "semantic_models", "saved_queries":
		l.patches.semantics[p.kind] = append(l.patches.semantics[p.kind], p)
	case "groups":
		l.readGroup(p)
	case "macros":
		l.addPatch(l.patches.macros, p)
	default:
		if p.kind == "snapshots" && child(p.node, "relation") != nil {
			l.patches.snapshots = append(l.patches.snapshots, p)
		}
		l.addPatch(l.patches.nodes, p)
		l.declareTests(p)
	}
}

func (l *loader) addPatch(to map[patchKey]*patch, p *patch) {
	key := patchKey{p.file.pkg.name, p.kind, p.fileName()}
	if other := to[key]; other != nil {
		l.fail(l.problemAt(p.file.shown, p.node, duplicatePatch(p, other), fmt.Sprintf("the other one is in %s:%d", other.file.shown, other.node.Line)))
		return
	}
	to[key] = p
}

// adopted is the entry of another package that describes a node for want of one
// of that name there: a seed of the project may stand in for a package's.
func (l *loader) adopted(j job, name string) *patch {
	for _, pkg := range l.p.ordered() {
		p := l.patches.node(pkg.name, j.patch, name)
		if pkg == j.file.pkg || p == nil || l.describesOwn(p, j.kind) {
			continue
		}
		return p
	}
	return nil
}

// describesOwn tells whether an entry's package has what it describes, and has
// not switched it off.
func (l *loader) describesOwn(p *patch, kind ResourceType) bool {
	in := p.file.pkg
	files := map[ResourceType][]file{Model: in.files.models, Seed: in.files.seeds}[kind]
	at := slices.IndexFunc(files, func(f file) bool { return f.stem() == p.fileName() })
	return at >= 0 && l.resolveConfig(kind, in, files[at].fqn(p.name), p.config).Enabled()
}

// topLevelConfigs are keys beside `config:` that are configs all the same.
var topLevelConfigs = []string{"meta", "tags", "docs", "access", "group", "quote_columns"}

// configOf reads an entry's configs, rendered and as written.
func (l *loader) configOf(f file, kind string, n *yaml.Node) (rendered, raw *jinja.Dict) {
	rendered, raw = jinja.NewDict(), jinja.NewDict()
	render := func(n *yaml.Node, path []string) any {
		if len(path) > 0 && (strings.HasSuffix(path[0], "_hook") || strings.HasSuffix(path[0], "-hook") || path[0] == "loaded_at_query") {
			return n.Value
		}
		return l.native(l.yamlScope(f.pkg), f.shown, n)
	}
	for _, key := range topLevelConfigs {
		if v := child(n, key); !isNull(v) {
			rendered.Set(key, yamlValue(v, render, key))
			raw.Set(key, plain(v))
		}
	}
	c := child(n, "config")
	if c == nil {
		return rendered, raw
	}
	asWritten := l.p.behaves("state_modified_compare_more_unrendered_values")
	for _, key := range topLevelConfigs {
		if at := keyNode(c, key); at != nil && keyNode(n, key) != nil && key != "tags" {
			l.fail(l.problemAt(f.shown, at, fmt.Sprintf("%s stands both at the top and below config", key), "keep the one below config"))
		}
	}
	if !isNull(c) && c.Kind != yaml.MappingNode {
		l.fail(l.problemAt(f.shown, c, "config must be a mapping", "config: {materialized: table}"))
		return rendered, raw
	}
	for _, e := range entries(c) {
		key := strings.TrimPrefix(e.key, "+")
		mergeConfig(rendered, configKey(key), yamlValue(e.value, render, key))
		if asWritten {
			raw.Set(configKey(key), plain(e.value))
		} else {
			raw.Set(configKey(key), yamlValue(e.value, render, key))
		}
	}
	return rendered, raw
}

// yamlScope is what templates in a package's YAML see.
func (l *loader) yamlScope(p *pkg) *scope { return &scope{p: l.p, pkg: p, level: levelTarget} }

// rendered is a value of an entry with its templates rendered.
func (l *loader) rendered(f file, n *yaml.Node) any {
	return yamlValue(n, func(n *yaml.Node, _ []string) any { return l.native(l.yamlScope(f.pkg), f.shown, n) })
}

func (l *loader) renderedText(f file, n *yaml.Node) string {
	if s := text(n); !hasTemplate(s) {
		return s
	}
	if v := l.rendered(f, n); v != nil {
		return jinja.Str(v)
	}
	return ""
}

// columns reads the columns of an entry, in order.
func (l *loader) columns(f file, n *yaml.Node) []ColumnInfo {
	var out []ColumnInfo
	for _, c := range elements(child(n, "columns")) {
		name := l.renderedText(f, child(c, "name"))
		if name == "" {
			l.fail(l.problemAt(f.shown, c, "every column needs a name", "- name: …"))
			continue
		}
		config, _ := l.configOf(f, "columns", c)
		info := ColumnInfo{Name: name, DataType: l.renderedText(f, child(c, "data_type")), Config: &Config{config}, Line: c.Line}
		info.Description = text(child(c, "description"))
		info.Granularity = l.renderedText(f, child(c, "granularity"))
		info.Tags = info.Config.Tags()
		info.Meta, _ = config.Get("meta")
		if q, ok := l.rendered(f, child(c, "quote")).(bool); ok {
			info.Quote = &q
		}
		info.Constraints = constraints(l.rendered(f, child(c, "constraints")), false)
		out = append(out, info)
	}
	return out
}

// constraints fills in what declared constraints leave out.
func constraints(v any, ofModel bool) []any {
	l, _ := v.(*jinja.List)
	if l == nil {
		return nil
	}
	var out []any
	for _, c := range l.V {
		if d, ok := c.(*jinja.Dict); ok {
			full := jinja.NewDict("type", nil, "name", nil, "expression", nil, "warn_unenforced", true, "warn_unsupported", true,
				"to", nil, "to_columns", jinja.NewList())
			if ofModel {
				full.Set("columns", jinja.NewList())
			}
			c = overlaid(full, d)
		}
		out = append(out, c)
	}
	return out
}

func (l *loader) readGroup(p *patch) {
	id := "group." + p.file.pkg.name + "." + p.name
	if other := l.p.Groups[id]; other != nil {
		l.fail(l.problemAt(p.file.shown, p.node, fmt.Sprintf("there are two groups named %q, here and in %s", p.name, other.OriginalFilePath), ""))
		return
	}
	l.p.Groups[id] = &Group{UniqueID: id, Name: p.name, PackageName: p.file.pkg.name, Path: p.file.relative,
		OriginalFilePath: p.file.original, Owner: l.owner(p), Description: text(child(p.node, "description")),
		Config: l.groupConfig(p)}
}

// groupConfig is a group's config. What dbt_project.yml says of the models of
// its folder counts for it too.
func (l *loader) groupConfig(p *patch) *Config {
	in, fqn := p.file.pkg, p.file.fqn(p.name)
	d := jinja.NewDict("meta", jinja.NewDict())
	for _, level := range configLevels(in.configs[Model], fqn) {
		mergeLevel(level, d)
	}
	for _, k := range keysIn(p.config) {
		v, _ := p.config.Get(k)
		mergeConfig(d, jinja.Str(k), v)
	}
	if !in.isRoot {
		for _, level := range configLevels(l.p.root.configs[Model], fqn) {
			mergeLevel(level, d)
		}
	}
	return &Config{d}
}

// owner is who answers for a group or an exposure, with dbt's keys.
func (l *loader) owner(p *patch) *jinja.Dict {
	given, _ := l.rendered(p.file, child(p.node, "owner")).(*jinja.Dict)
	return overlaid(jinja.NewDict("email", nil, "name", nil), given)
}

// applyMacroPatches documents the macros that properties describe.
func (l *loader) applyMacroPatches() {
	for _, p := range l.patches.macros {
		m := p.file.pkg.macros[p.name]
		if m == nil {
			l.warn(l.unmatched(p, p.file.pkg.macros))
			continue
		}
		m.Description, m.PatchPath = text(child(p.node, "description")), p.path()
		m.Meta, _ = p.config.Get("meta")
		m.docs, _ = l.rendered(p.file, child(p.node, "docs")).(*jinja.Dict)
		if !isNull(child(p.node, "arguments")) {
			m.Arguments = nil
		}
		for _, a := range elements(child(p.node, "arguments")) {
			m.Arguments = append(m.Arguments, MacroArgument{Name: text(child(a, "name")), Type: text(child(a, "type")), Description: text(child(a, "description"))})
		}
	}
}

// unmatched is the warning for an entry that describes nothing.
func (l *loader) unmatched(p *patch, macros map[string]*Macro) Problem {
	w := l.problemAt(p.file.shown, p.node, fmt.Sprintf("Did not find matching node for patch with name '%s' in the '%s' section of file '%s'", p.fileName(), p.kind, p.file.original), "")
	w.Event, w.Data = "NoNodeForYamlKey", map[string]any{"patch_name": p.fileName(), "yaml_key": p.kind, "file_path": p.file.original}
	if macros != nil {
		w.Data = map[string]any{"patch_name": p.name}
		w.Event, w.Message = "MacroNotFoundForPatch", fmt.Sprintf("Found patch for macro %q which was not found", p.name)
	}
	names := keysOf(macros)
	if macros == nil && l.p.index != nil {
		names = keysOf(l.p.index.nodes)
	}
	if near := nearest(p.name, names); near != "" {
		w.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return w
}
