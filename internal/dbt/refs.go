package dbt

import (
	"fmt"
	"sort"
	"strings"

	"apotheca/internal/jinja"
)

// refIndex finds what ref() and source() name.
type refIndex struct {
	nodes    map[string][]*Node // models, seeds and snapshots by name
	disabled map[string][]*Node
	sources  map[string][]*Source // by source.table
	off      map[string]bool      // disabled sources, by source.table
}

func (p *Project) buildIndex() {
	ix := &refIndex{nodes: map[string][]*Node{}, disabled: map[string][]*Node{}, sources: map[string][]*Source{}, off: map[string]bool{}}
	if p.index != nil {
		ix.off = p.index.off
	}
	for _, id := range keysOf(p.Nodes) {
		if n := p.Nodes[id]; n.isReferable() {
			ix.nodes[n.Name] = append(ix.nodes[n.Name], n)
		}
	}
	for _, id := range keysOf(p.Disabled) {
		for _, n := range p.Disabled[id] {
			if n.isReferable() {
				ix.disabled[n.Name] = append(ix.disabled[n.Name], n)
			}
		}
	}
	for _, id := range keysOf(p.Sources) {
		s := p.Sources[id]
		key := s.SourceName + "." + s.Name
		ix.sources[key] = append(ix.sources[key], s)
	}
	p.index = ix
}

func (n *Node) isReferable() bool {
	return n.ResourceType == Model || n.ResourceType == Seed || n.ResourceType == Snapshot
}

// searchPackages are the packages in which a name is looked up, in order; an
// empty name means any.
func (p *Project) searchPackages(from, explicit string) []string {
	if explicit != "" {
		return []string{explicit}
	}
	if from == p.root.name {
		return []string{from, ""}
	}
	return []string{p.root.name, from, ""}
}

// resolveRef finds the node that a ref in a package names.
func (p *Project) resolveRef(from string, r Ref) *Node {
	return p.lookup(p.index.nodes, from, r)
}

func (p *Project) lookup(index map[string][]*Node, from string, r Ref) *Node {
	candidates := index[r.Name]
	for _, where := range p.searchPackages(from, r.Package) {
		for _, n := range candidates {
			if (where == "" || n.PackageName == where) && versionFits(n, r.Version) {
				return n
			}
		}
	}
	return nil
}

// versionFits: a ref without a version means the latest one.
func versionFits(n *Node, version any) bool {
	if n.Version == nil {
		return version == nil
	}
	if version == nil {
		version = n.LatestVersion
	}
	return jinja.Str(version) == jinja.Str(n.Version)
}

// resolveSource finds the source that a source() in a package names.
func (p *Project) resolveSource(from string, r SourceRef) *Source {
	candidates := p.index.sources[r.Source+"."+r.Table]
	for _, where := range p.searchPackages(from, "") {
		for _, s := range candidates {
			if where == "" || s.PackageName == where {
				return s
			}
		}
	}
	return nil
}

// missingRef says what is wrong with a ref that names nothing.
func (p *Project) missingRef(n *Node, r Ref) Problem {
	target := "'" + r.Name + "'"
	if r.Version != nil {
		target += " with version '" + jinja.Str(r.Version) + "'"
	}
	if r.Package != "" {
		target += " in package or project '" + r.Package + "'"
	}
	problem := Problem{File: n.shownFile(), Line: n.refLine(r.Name)}
	if off := p.lookup(p.index.disabled, n.PackageName, r); off != nil {
		problem.Message = n.dependsOnA("node named " + target + " which is disabled")
		problem.Hint = fmt.Sprintf("enable it in %s or in dbt_project.yml, or remove the ref", off.OriginalFilePath)
		return problem
	}
	problem.Message = n.dependsOnA("node named " + target + " which was not found")
	if near := nearest(r.Name, keysOf(p.index.nodes)); near != "" {
		problem.Hint = fmt.Sprintf("did you mean ref('%s')?", near)
	} else {
		for key := range p.index.sources {
			if source, table, _ := strings.Cut(key, "."); table == r.Name {
				problem.Hint = fmt.Sprintf("there is a source of that name: source('%s', '%s')", source, table)
			}
		}
	}
	return problem
}

// dependsOnA begins what dbt says of a node whose parent is missing.
func (n *Node) dependsOnA(what string) string {
	kind := string(n.ResourceType)
	return fmt.Sprintf("%s '%s' (%s) depends on a %s", strings.ToUpper(kind[:1])+kind[1:], n.UniqueID, n.OriginalFilePath, what)
}

func (p *Project) missingSource(n *Node, r SourceRef) Problem {
	key := r.Source + "." + r.Table
	problem := Problem{File: n.shownFile(), Line: n.refLine(r.Table)}
	state := "was not found"
	if p.index.off[key] {
		state = "is disabled"
	}
	problem.Message = n.dependsOnA("source named '" + key + "' which " + state)
	if near := nearest(key, keysOf(p.index.sources)); near != "" {
		source, table, _ := strings.Cut(near, ".")
		problem.Hint = fmt.Sprintf("did you mean source('%s', '%s')?", source, table)
	}
	return problem
}

// shownFile is the node's file as messages name it.
func (n *Node) shownFile() string {
	if n.pkg == nil {
		return n.OriginalFilePath
	}
	return n.pkg.file(n.OriginalFilePath)
}

// refLine is the line of the file in which a quoted name stands.
func (n *Node) refLine(name string) int {
	for i, line := range strings.Split(n.RawCode, "\n") {
		if strings.Contains(line, "'"+name+"'") || strings.Contains(line, `"`+name+`"`) {
			return max(n.Line, 1) + i
		}
	}
	return n.Line
}

// ref is ref() in templates: one or two names, and a version.
func (s *scope) ref(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	r, err := readRef(a, kw)
	if err != nil {
		return nil, err
	}
	if !s.execute {
		if s.seen != nil {
			s.seen.refs = append(s.seen.refs, r)
		}
		return s.placeholder(), nil
	}
	from := s.pkgName()
	n := s.p.resolveRef(from, r)
	if n == nil {
		at := s.node
		if at == nil {
			at = &Node{ResourceType: Operation, UniqueID: "operation"}
		}
		return nil, s.p.missingRef(at, r)
	}
	if err := s.mustDependOn(n.UniqueID, r.String()); err != nil {
		return nil, err
	}
	if with, ok := s.over.Refs[n.UniqueID]; ok {
		return relationValue{s, Relation{Identifier: with, Type: CTERelation}}, nil
	}
	if with, ok, err := s.deferred(n); err != nil || ok {
		return s.input(with, n.Config), err
	}
	if n.IsEphemeral() {
		return s.ephemeral(n)
	}
	return s.input(s.p.Relation(n), n.Config), nil
}

// input is what a node reads: with --empty nothing of it, and where its rows
// have an event time those of the batch or the sample.
func (s *scope) input(r Relation, c *Config) relationValue {
	if s.execute {
		r.Empty = s.p.options.Flags["EMPTY"] == true
		if c != nil {
			r.Filter = s.eventFilter(c.String("event_time"))
		}
	}
	return relationValue{s, r}
}

func readRef(a []any, kw *jinja.Dict) (r Ref, err error) {
	switch len(a) {
	case 1:
		r.Name = jinja.Str(a[0])
	case 2:
		r.Package, r.Name = jinja.Str(a[0]), jinja.Str(a[1])
	default:
		return r, fmt.Errorf("ref() takes at most two arguments (%d given)", len(a))
	}
	for _, key := range []string{"v", "version"} {
		if v, ok := kw.Get(key); ok && v != nil {
			r.Version = v
		}
	}
	return r, nil
}

func (r Ref) String() string {
	if r.Package != "" {
		return fmt.Sprintf("ref('%s', '%s')", r.Package, r.Name)
	}
	return fmt.Sprintf("ref('%s')", r.Name)
}

// source is source() in templates.
func (s *scope) source(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
	r, err := readSource(a)
	if err != nil {
		return nil, err
	}
	if !s.execute {
		if s.seen != nil {
			s.seen.sources = append(s.seen.sources, r)
		}
		return s.placeholder(), nil
	}
	found := s.p.resolveSource(s.pkgName(), r)
	if found == nil {
		at := s.node
		if at == nil {
			at = &Node{ResourceType: Operation, UniqueID: "operation"}
		}
		return nil, s.p.missingSource(at, r)
	}
	if with, ok := s.over.Refs[found.UniqueID]; ok {
		return relationValue{s, Relation{Identifier: with, Type: CTERelation}}, nil
	}
	return s.input(s.p.SourceRelation(found), found.Config), nil
}

func readSource(a []any) (SourceRef, error) {
	if len(a) != 2 {
		return SourceRef{}, fmt.Errorf("source() takes exactly two arguments (%d given)", len(a))
	}
	return SourceRef{Source: jinja.Str(a[0]), Table: jinja.Str(a[1])}, nil
}

// mustDependOn refuses a ref that the parse could not see, because the graph was
// built without it. Sources are there before the graph is.
func (s *scope) mustDependOn(id, call string) error {
	if s.node == nil || s.node.ResourceType == Operation {
		return nil
	}
	for _, known := range s.node.DependsOn.Nodes {
		if known == id {
			return nil
		}
	}
	return Problem{File: s.node.shownFile(), Line: s.node.Line,
		Message: fmt.Sprintf("dbt was unable to infer all dependencies for the model %q: %s was met only while it was compiled, so it is not in the graph", s.node.Name, call),
		Hint:    fmt.Sprintf("write this at the top of the file: -- depends_on: {{ %s }}", call)}
}

// placeholder stands for every relation while a project is parsed.
func (s *scope) placeholder() any {
	if s.node == nil {
		return relationValue{s, Relation{Database: s.p.Target.Database, Schema: s.p.Target.Schema, Quote: s.p.root.quoting}}
	}
	return relationValue{s, s.p.Relation(s.node)}
}

// this is `this` in templates: the node's own relation.
func (s *scope) this() any {
	if s.node == nil {
		return nil
	}
	if with, ok := s.over.Refs[s.node.UniqueID]; ok {
		return relationValue{s, Relation{Identifier: with, Type: CTERelation}}
	}
	return relationValue{s, s.p.Relation(s.node)}
}

// Relation is the relation a node makes.
func (p *Project) Relation(n *Node) Relation {
	quote := p.root.quoting
	if n.Config != nil {
		if v, _ := n.Config.Get("quoting"); v != nil {
			if d, ok := v.(*jinja.Dict); ok {
				quote = overlayQuoting(quote, d)
			}
		}
	}
	r := Relation{Database: n.Database, Schema: n.Schema, Identifier: n.Alias, Quote: quote}
	if n.Config == nil {
		return r
	}
	switch n.Config.Materialized() {
	case "view":
		r.Type = ViewRelation
	case "table", "incremental", "seed", "snapshot":
		r.Type = TableRelation
	}
	return r
}

// SourceRelation is the relation a source reads. A project's quoting does not
// reach it.
func (p *Project) SourceRelation(s *Source) Relation {
	return Relation{Database: s.Database, Schema: s.Schema, Identifier: s.Identifier, Quote: s.Quoting}
}

// resolveDependencies fills DependsOn.Nodes; sources come before refs.
func (p *Project) resolveDependencies(n *Node) (missing Problems) {
	add := func(id string) {
		for _, known := range n.DependsOn.Nodes {
			if known == id {
				return
			}
		}
		n.DependsOn.Nodes = append(n.DependsOn.Nodes, id)
	}
	for _, r := range n.SourceRefs {
		if target := p.resolveSource(n.PackageName, r); target != nil {
			add(target.UniqueID)
		} else {
			missing = append(missing, p.missingSource(n, r))
		}
	}
	for _, r := range n.Refs {
		if target := p.resolveRef(n.PackageName, r); target != nil {
			add(target.UniqueID)
		} else {
			missing = append(missing, p.missingRef(n, r))
		}
	}
	return missing
}

// neighbours fills Parents and Children.
func (p *Project) neighbours() {
	size := len(p.Nodes) + len(p.Sources)
	p.Parents, p.Children = make(map[string][]string, size), make(map[string][]string, size)
	add := func(id string, parents []string) {
		p.Parents[id] = append([]string{}, parents...)
		sort.Strings(p.Parents[id])
		if p.Children[id] == nil {
			p.Children[id] = []string{}
		}
		for _, parent := range p.Parents[id] {
			p.Children[parent] = append(p.Children[parent], id)
		}
	}
	for _, n := range p.sortedNodes { // in order, so that children mostly are
		add(n.UniqueID, n.DependsOn.Nodes)
	}
	for id := range p.Sources {
		add(id, nil)
	}
	for id, u := range p.UnitTests {
		add(id, u.DependsOn.Nodes)
	}
	for id, e := range p.Exposures {
		add(id, e.DependsOn.Nodes)
	}
	for _, s := range p.semantics() {
		add(s.UniqueID, s.DependsOn.Nodes)
	}
	for _, children := range p.Children {
		sort.Strings(children)
	}
}
