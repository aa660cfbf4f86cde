package dbt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// modelVersion says which version of its model a patch describes.
type modelVersion struct{ version, latest any }

// versionPatches splits the entry of a versioned model into one per version:
// what the version leaves out is the model's own.
func (l *loader) versionPatches(p *patch) []*patch {
	f := p.file
	if c := child(p.node, "versions"); c.Kind != yaml.SequenceNode {
		l.fail(l.problemAt(f.shown, c, "versions must be a list", "versions: [{v: 1}]"))
		return nil
	}
	var all []any
	nodes := elements(child(p.node, "versions"))
	for _, n := range nodes {
		v := l.rendered(f, child(n, "v"))
		if v == nil {
			l.fail(l.problemAt(f.shown, n, "every version of a model needs a v", "- v: 1"))
			return nil
		}
		if slices.ContainsFunc(all, func(other any) bool { return jinja.Str(other) == jinja.Str(v) }) {
			l.fail(l.problemAt(f.shown, n, fmt.Sprintf("found duplicate version '%s' in versions list of model '%s'", jinja.Str(v), p.name), "give it another v"))
			return nil
		}
		all = append(all, v)
	}
	latest := l.rendered(f, child(p.node, "latest_version"))
	if latest == nil && len(all) > 0 {
		latest = slices.MaxFunc(all, compareModelVersions)
	} else if !slices.ContainsFunc(all, func(v any) bool { return jinja.Str(v) == jinja.Str(latest) }) {
		l.fail(l.problemAt(f.shown, keyNode(p.node, "latest_version"), fmt.Sprintf("latest_version %s is not one of the versions of model '%s'", jinja.Repr(latest), p.name), ""))
		return nil
	}
	var out []*patch
	for i, n := range nodes {
		one := &patch{file: f, kind: p.kind, name: p.name, node: l.mergedVersion(p.node, n), version: &modelVersion{all[i], latest}}
		one.defines = l.definesVersion(p, n, all[i], latest)
		one.config, one.unrendered = l.configOf(f, p.kind, one.node)
		out = append(out, one)
	}
	return out
}

// definesVersion is the name of the file in which a version stands: what it
// says itself, or the model's name with the version; the latest may do without.
func (l *loader) definesVersion(p *patch, n *yaml.Node, version, latest any) string {
	if name := l.renderedText(p.file, child(n, "defined_in")); name != "" {
		return name
	}
	name := p.name + "_v" + jinja.Str(version)
	if jinja.Str(version) == jinja.Str(latest) && !p.file.pkg.hasModelFile(name) && p.file.pkg.hasModelFile(p.name) {
		return p.name
	}
	return name
}

func (p *pkg) hasModelFile(stem string) bool {
	return slices.ContainsFunc(p.files.models, func(f file) bool { return f.stem() == stem })
}

// compareModelVersions orders numbers as numbers, anything else as text.
func compareModelVersions(a, b any) int {
	x, errX := strconv.ParseFloat(jinja.Str(a), 64)
	y, errY := strconv.ParseFloat(jinja.Str(b), 64)
	if errX != nil || errY != nil {
		return strings.Compare(jinja.Str(a), jinja.Str(b))
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// mergedVersion is the model's entry as one of its versions changes it.
func (l *loader) mergedVersion(model, version *yaml.Node) *yaml.Node {
	merged := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: version.Line, Column: version.Column}
	set := func(at, value *yaml.Node) { merged.Content = append(merged.Content, at, value) }
	tests := func(n *yaml.Node) bool { return keyNode(n, "data_tests") != nil || keyNode(n, "tests") != nil }
	for _, e := range entries(model) {
		own := child(version, e.key)
		switch e.key {
		case "versions", "latest_version", "deprecation_date":
		case "columns":
			set(e.at, versionColumns(e.value, own))
		case "config":
			set(e.at, mergedMapping(e.value, own))
		case "data_tests", "tests":
			if !tests(version) {
				set(e.at, e.value)
			}
		default:
			if isNull(own) {
				set(e.at, e.value)
			}
		}
	}
	for _, e := range entries(version) {
		switch {
		case e.key == "v" || e.key == "defined_in" || isNull(e.value):
		case (e.key == "columns" || e.key == "config") && keyNode(model, e.key) != nil:
		case e.key == "columns":
			set(e.at, versionColumns(nil, e.value))
		default:
			set(e.at, e.value)
		}
	}
	return merged
}

// mergedMapping lays one mapping over another, inner mappings too.
func mergedMapping(base, over *yaml.Node) *yaml.Node {
	if base == nil || over == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		if isNull(over) {
			return base
		}
		return over
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: base.Line, Column: base.Column}
	for _, e := range entries(base) {
		out.Content = append(out.Content, e.at, mergedMapping(e.value, child(over, e.key)))
	}
	for _, e := range entries(over) {
		if keyNode(base, e.key) == nil {
			out.Content = append(out.Content, e.at, e.value)
		}
	}
	return out
}

// versionColumns are the model's columns that a version includes, then its own.
func versionColumns(model, version *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	var include, exclude []string
	all := true
	var own []*yaml.Node
	for _, n := range elements(version) {
		if child(n, "name") != nil {
			own = append(own, n)
			continue
		}
		include, exclude = textsOf(child(n, "include")), textsOf(child(n, "exclude"))
		all = slices.Contains(include, "*") || slices.Contains(include, "all")
	}
	for _, c := range elements(model) {
		name := text(child(c, "name"))
		if (all || slices.Contains(include, name)) && !slices.Contains(exclude, name) {
			out.Content = append(out.Content, c)
		}
	}
	out.Content = append(out.Content, own...)
	return out
}

// textsOf is one text, or a list of texts.
func textsOf(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, e := range elements(n) {
		out = append(out, text(e))
	}
	return out
}

// become makes a model the version its patch describes: its name is the
// model's, whatever its file is called.
func (n *Node) become(p *patch) {
	n.Name, n.Version, n.LatestVersion = p.name, p.version.version, p.version.latest
	label := "v" + jinja.Str(n.Version)
	n.FQN = append(n.FQN[:len(n.FQN)-1:len(n.FQN)-1], n.Name, label)
	n.UniqueID = "model." + n.PackageName + "." + n.Name + "." + label
}

// isLatest reports the version that a ref without one means.
func (n *Node) isLatest() bool {
	return n.Version != nil && jinja.Str(n.Version) == jinja.Str(n.LatestVersion)
}

// checkVersions refuses a name that is both a versioned model and another
// node, because a ref could mean either.
func (l *loader) checkVersions() {
	for _, name := range keysOf(l.p.index.nodes) {
		same := l.p.index.nodes[name]
		for _, n := range same {
			i := slices.IndexFunc(same, func(o *Node) bool { return o.PackageName == n.PackageName && (o.Version == nil) != (n.Version == nil) })
			if n.Version != nil && i >= 0 {
				l.fail(Problem{File: same[i].shownFile(), Line: same[i].Line, Message: duplicateVersioned(n, same[i]), Hint: "rename one of the files"})
				break
			}
		}
	}
}
