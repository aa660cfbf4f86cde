package dbt

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// job is one file, or one block of a file, that becomes a node.
type job struct {
	kind  ResourceType
	file  file
	patch string // the section of properties that describes it
	// block is the snapshot block; line is where it begins.
	block *jinja.Block
	line  int
}

// loadNodes makes the nodes that have a file: models, seeds, snapshots,
// singular tests and analyses.
func (l *loader) loadNodes() {
	l.applyMacroPatches()
	var jobs []job
	for _, p := range l.p.ordered() {
		add := func(kind ResourceType, patch string, fs []file) {
			for _, f := range fs {
				jobs = append(jobs, job{kind: kind, file: f, patch: patch, line: 1})
			}
		}
		add(Model, "models", p.files.models)
		add(Seed, "seeds", p.files.seeds)
		add(DataTest, "data_tests", p.files.tests)
		add(Analysis, "analyses", p.files.analyses)
		for _, f := range p.files.snapshots {
			jobs = append(jobs, l.snapshotBlocks(f)...)
		}
	}
	nodes := make([]*Node, len(jobs))
	parallel(len(jobs), func(i int) { nodes[i] = l.readNode(jobs[i]) })
	for _, n := range nodes {
		if n != nil {
			l.addNode(n)
		}
	}
	for _, p := range l.patches.snapshots {
		l.addNode(l.yamlSnapshot(p))
	}
	l.p.buildIndex()
	l.warnUnmatched()
}

func (l *loader) warnUnmatched() {
	for _, p := range l.patches.nodes {
		if p.used {
			continue
		}
		if other := l.describedElsewhere(p); other != nil {
			l.fail(l.problemAt(p.file.shown, p.node, duplicatePatch(p, other), fmt.Sprintf("the other one is in %s:%d", other.file.shown, other.node.Line)))
			continue
		}
		l.warn(l.unmatched(p, nil))
	}
}

// describedElsewhere is the entry by which a package describes what it has, where
// another package describes that too.
func (l *loader) describedElsewhere(p *patch) *patch {
	for _, n := range l.p.index.nodes[p.name] {
		if n.PackageName != p.file.pkg.name && n.patch != nil && n.patch.kind == p.kind {
			return n.patch
		}
	}
	return nil
}

// addNode files a node under its id, refusing a second one of that name.
func (l *loader) addNode(n *Node) {
	if n.patch != nil {
		n.patch.used = true
	}
	if !n.Config.Enabled() {
		l.p.Disabled[n.UniqueID] = append(l.p.Disabled[n.UniqueID], n)
		return
	}
	if other := l.p.Nodes[n.UniqueID]; other != nil {
		l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: duplicateName(string(n.ResourceType), n.Name,
			other.UniqueID, other.OriginalFilePath, n.UniqueID, n.OriginalFilePath), Hint: "rename one of the files"})
		return
	}
	l.p.Nodes[n.UniqueID] = n
}

// readNode reads one file and renders it once to learn about it.
func (l *loader) readNode(j job) *Node {
	n := &Node{
		Name: j.file.stem(), ResourceType: j.kind, PackageName: j.file.pkg.name, Path: j.file.relative,
		OriginalFilePath: j.file.original, Language: "sql", Line: j.line, pkg: j.file.pkg,
	}
	if j.kind == Seed && l.isLarge(j.file) {
		n.Checksum = Checksum{Name: checksumOfPath, Checksum: j.file.original}
	} else if content, ok := l.read(j.file); ok {
		n.Checksum, n.RawCode = checksum(content), content
	} else {
		return nil
	}
	n.FQN = j.file.fqn(n.Name)
	switch {
	case j.kind == Seed:
		n.RawCode = ""
	case j.block != nil:
		n.Name, n.RawCode = j.block.Name, j.block.Source
		n.FQN = j.file.fqn(j.file.stem(), n.Name)
	case j.kind == Analysis:
		n.FQN = append([]string{j.file.pkg.name, "analysis"}, j.file.fqn(n.Name)[1:]...)
		n.Path = path.Join("analysis", n.Path)
	case path.Ext(j.file.relative) == ".py":
		n.Language = "python"
	}
	n.UniqueID = string(j.kind) + "." + n.PackageName + "." + n.Name
	p := l.patches.node(n.PackageName, j.patch, n.Name)
	if p == nil && (j.kind == Model || j.kind == Seed) {
		p = l.adopted(j, n.Name)
	}
	if p != nil && p.version != nil {
		n.become(p)
	}
	l.parseNode(n, p)
	return n
}

// parseNode renders a node with execute false, resolves its configs and names
// and collects what it refers to.
func (l *loader) parseNode(n *Node, p *patch) {
	n.patch = p
	sc := &scope{p: l.p, pkg: n.pkg, level: levelFull, node: n, seen: &seen{}}
	n.Alias, n.Schema, n.Database = n.Name, l.p.Target.Schema, l.p.Target.Database
	var fromPatch *jinja.Dict
	if p != nil {
		fromPatch = p.config
	}
	n.Config = l.resolveConfig(n.ResourceType, n.pkg, n.FQN, fromPatch)
	read := false
	if n.ResourceType != Seed && n.Language == "sql" {
		read = l.renderOnce(n, sc)
	}
	if n.Language == "python" {
		sc.seen.readPython(n.RawCode)
	}
	if sc.seen.config != nil {
		n.Config = l.resolveConfig(n.ResourceType, n.pkg, n.FQN, fromPatch, sc.seen.config)
	}
	l.checkConfig(n)
	n.UnrenderedConfig = l.unrenderedConfig(n, p, sc.seen.written)
	n.Tags = unique(n.Config.Tags())
	if fromPatch.Len() > 0 && has(fromPatch, "tags") { // what properties add comes last
		own := l.resolveConfig(n.ResourceType, n.pkg, n.FQN, sc.seen.config)
		n.Tags = unique(append(own.Tags(), n.Tags...))
	}
	l.describe(n, p)
	l.nameRelation(n)
	l.parseHooks(n, sc, read)
	l.parseForeignKeys(n, sc)
	n.Refs, n.SourceRefs, n.DependsOn.Macros = sc.seen.refs, sc.seen.sources, sc.seen.macros
}

// renderOnce reports whether reading was enough.
func (l *loader) renderOnce(n *Node, sc *scope) bool {
	if !hasTemplate(n.RawCode) || sc.readStatic(n.RawCode) {
		return true
	}
	if _, err := sc.renderNode(context.Background(), n); err != nil {
		l.fail(templateProblem(n.shownFile(), n.Line, err))
	}
	return false
}

// parse makes a template of the node's code. It is not kept: most nodes of a
// large project are never compiled.
func (n *Node) parse() (*jinja.Template, error) { return jinja.Parse(n.shownFile(), n.RawCode) }

// parseHooks collects the refs of the node's own hooks. As in dbt, they come
// before those of a node that was only read.
func (l *loader) parseHooks(n *Node, sc *scope, read bool) {
	refs, sources := sc.seen.refs, sc.seen.sources
	if read {
		sc.seen.refs, sc.seen.sources = nil, nil
		defer func() {
			sc.seen.refs, sc.seen.sources = append(sc.seen.refs, refs...), append(sc.seen.sources, sources...)
		}()
	}
	for _, h := range append(n.Config.PreHooks(), n.Config.PostHooks()...) {
		if _, err := sc.renderText(context.Background(), "hook of "+n.UniqueID, h.SQL); err != nil {
			l.fail(templateProblem(n.shownFile(), n.Line, err))
		}
	}
}

// parseForeignKeys collects what the node's constraints refer to: it must be
// there before them.
func (l *loader) parseForeignKeys(n *Node, sc *scope) {
	for _, to := range n.ForeignKeys() {
		if _, err := sc.renderText(context.Background(), "constraint of "+n.UniqueID, ConstraintTarget(to)); err != nil {
			l.fail(templateProblem(n.shownFile(), n.Line, err))
		}
	}
}

// ForeignKeys are what the node's constraints refer to, as written.
func (n *Node) ForeignKeys() []string {
	constraints := slices.Clone(n.Constraints)
	for _, c := range n.Columns {
		constraints = append(constraints, c.Constraints...)
	}
	var found []string
	for _, c := range constraints {
		d, ok := c.(*jinja.Dict)
		if !ok {
			continue
		}
		kind, _ := d.Get("type")
		if to, _ := d.Get("to"); to != nil && kind == "foreign_key" {
			found = append(found, jinja.Str(to))
		}
	}
	return found
}

// ConstraintTarget is the template that the key `to` of a foreign key stands
// for: a call of ref or source, without braces.
func ConstraintTarget(to string) string {
	if strings.Contains(to, "{{") {
		return to
	}
	return "{{ " + to + " }}"
}

// describe takes over what properties say of a node.
func (l *loader) describe(n *Node, p *patch) {
	n.Group = n.Config.String("group")
	if n.ResourceType == Model {
		n.Access = n.Config.String("access")
	}
	if p == nil {
		return
	}
	n.PatchPath = p.path()
	n.Description = text(child(p.node, "description"))
	n.Columns = p.columns
	n.TimeSpine = l.timeSpine(p)
	n.DeprecationDate = l.deprecationDate(p)
	n.Constraints = constraints(l.rendered(p.file, child(p.node, "constraints")), true)
}

// timeSpine is what a model says of itself as a time spine; nil if nothing.
func (l *loader) timeSpine(p *patch) any {
	d, ok := l.rendered(p.file, child(p.node, "time_spine")).(*jinja.Dict)
	if !ok {
		return nil
	}
	return overlaid(jinja.NewDict("standard_granularity_column", nil, "custom_granularities", jinja.NewList()), d)
}

// deprecationDate reads the day from which a model should not be used, as
// artifacts have it: a moment, in UTC unless it says another zone.
func (l *loader) deprecationDate(p *patch) string {
	n := child(p.node, "deprecation_date")
	if isNull(n) {
		return ""
	}
	written := l.renderedText(p.file, n)
	for _, layout := range []string{"2006-01-02", time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, written); err == nil {
			return t.Format("2006-01-02T15:04:05-07:00")
		}
	}
	l.fail(l.problemAt(p.file.shown, n, fmt.Sprintf("the deprecation_date %q of %s is no date", written, p.name), "deprecation_date: 2026-12-31"))
	return ""
}

func unique(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// nameRelation asks the project's macros for database, schema and alias.
func (l *loader) nameRelation(n *Node) {
	parts := []struct {
		part, config string
		to           *string
	}{{"database", "database", &n.Database}, {"schema", "schema", &n.Schema}, {"alias", "alias", &n.Alias}}
	for _, p := range parts {
		custom, _ := n.Config.Get(p.config)
		name, err := l.p.generateName(n, p.part, custom)
		if err != nil {
			l.fail(templateProblem(n.shownFile(), n.Line, err))
			return
		}
		*p.to = name
	}
	if n.ResourceType == Snapshot {
		if s := n.Config.String("target_schema"); s != "" {
			n.Schema = s
		}
		if d := n.Config.String("target_database"); d != "" {
			n.Database = d
		}
	}
	n.RelationName = ""
	if n.makesRelation() {
		n.RelationName = l.p.Relation(n).String()
	}
}

func (n *Node) makesRelation() bool {
	switch n.ResourceType {
	case Model:
		return !n.IsEphemeral()
	case Seed, Snapshot:
		return true
	case DataTest:
		stored, _ := n.Config.Bool("store_failures")
		return stored
	}
	return false
}

// generateName calls generate_<part>_name.
func (p *Project) generateName(n *Node, part string, custom any) (string, error) {
	m := p.generateMacro(n.pkg, part)
	if m == nil {
		return "", fmt.Errorf("there is no macro generate_%s_name", part)
	}
	if name, ok := p.standardName(n, m, part, custom); ok {
		return name, nil
	}
	sc := &scope{p: p, pkg: p.packages[m.PackageName], level: levelFull}
	if sc.pkg == nil {
		sc.pkg = p.root
	}
	node := jinja.NewDict("name", n.Name, "version", n.Version, "resource_type", string(n.ResourceType))
	if m.PackageName != builtinName {
		node = p.nodeDict(n)
	}
	v, err := m.call.Call(sc.state(context.Background()), []any{custom, node}, nil)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(jinja.Str(v)), nil
}

// standardName is what dbt's own macro answers in the usual cases. A large
// project asks a hundred thousand times.
func (p *Project) standardName(n *Node, m *Macro, part string, custom any) (string, bool) {
	name, isText := custom.(string)
	if !p.standardNames[m] || custom != nil && !isText || n.Version != nil {
		return "", false
	}
	name = strings.TrimSpace(name)
	switch {
	case part == "alias" && name == "":
		name = n.Name
	case part == "schema" && custom == nil:
		name = p.Target.Schema
	case part == "schema":
		name = p.Target.Schema + "_" + name
	case part == "database" && custom == nil:
		name = p.Target.Database
	}
	return strings.TrimSpace(name), true
}

// unrenderedConfig is the config as written, for state comparison.
func (l *loader) unrenderedConfig(n *Node, p *patch, inFile *jinja.Dict) *Config {
	d := jinja.NewDict()
	projectRaw(n.pkg.doc, n.ResourceType, n.FQN, d)
	var raw *jinja.Dict
	if p != nil {
		raw = p.unrendered
	}
	for _, from := range []*jinja.Dict{raw, inFile} {
		for _, k := range keysIn(from) {
			v, _ := from.Get(k)
			d.Set(k, v)
		}
	}
	if !n.pkg.isRoot {
		projectRaw(l.p.root.doc, n.ResourceType, n.FQN, d)
	}
	return &Config{d}
}

// projectRaw overlays the configs of dbt_project.yml as they are written.
func projectRaw(doc *yaml.Node, t ResourceType, fqn []string, into *jinja.Dict) {
	if t == Operation || t == Analysis {
		t = Model
	}
	level := child(doc, sectionOf(t))
	if level == nil && t == DataTest {
		level = child(doc, "tests")
	}
	for i := 0; level != nil; i++ {
		for _, e := range entries(level) {
			key, plus := strings.CutPrefix(e.key, "+")
			if plus || e.value.Kind != yaml.MappingNode {
				into.Set(configKey(key), plain(e.value))
			}
		}
		if i >= len(fqn) {
			return
		}
		level = child(level, fqn[i])
	}
}

// checkConfig refuses configs of the wrong kind, which would otherwise be
// ignored at the moment they matter.
func (l *loader) checkConfig(n *Node) {
	bad := func(key, want, hint string) {
		v, _ := n.Config.Get(key)
		l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: fmt.Sprintf("the config %s of %s must be %s, not %s", key, n.UniqueID, want, jinja.Repr(v)), Hint: hint})
	}
	for _, key := range []string{"enabled", "full_refresh", "store_failures"} {
		if v, ok := n.Config.Get(key); ok && v != nil {
			if _, isBool := v.(bool); !isBool {
				bad(key, "true or false", fmt.Sprintf("%s: \"{{ … | as_bool }}\" turns a text into a boolean", key))
			}
		}
	}
	l.checkMicrobatch(n)
	if s := n.Config.String("severity"); n.ResourceType == DataTest && !strings.EqualFold(s, "warn") && !strings.EqualFold(s, "error") {
		bad("severity", "error or warn", "")
	}
	if s := n.Config.String("on_schema_change"); s != "" && !in(s, "ignore", "fail", "append_new_columns", "sync_all_columns") {
		bad("on_schema_change", "ignore, fail, append_new_columns or sync_all_columns", "")
	}
	if n.ResourceType == Model {
		if s := n.Config.String("access"); !in(s, "private", "protected", "public") {
			bad("access", "private, protected or public", "")
		}
	}
	if n.ResourceType == Snapshot && n.Config.Enabled() && (n.Config.String("strategy") == "" || len(n.Config.UniqueKey()) == 0) {
		l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: "snapshots must be configured with a 'strategy' and 'unique_key': " + n.UniqueID,
			Hint: "config: {strategy: timestamp, updated_at: …, unique_key: …}"})
	}
}
