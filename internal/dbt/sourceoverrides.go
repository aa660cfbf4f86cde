package dbt

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// overrideSources are the declared sources, with what the project says of a
// package's source (overrides: the package) put over what the package says.
func (l *loader) overrideSources() []*patch {
	type key struct{ pkg, source string }
	over := map[key]*patch{}
	var own []*patch
	for _, p := range l.patches.sources {
		n := child(p.node, "overrides")
		if n == nil {
			own = append(own, p)
			continue
		}
		over[key{l.renderedText(p.file, n), p.name}] = p
		w := l.problemAt(p.file.shown, keyNode(p.node, "overrides"), fmt.Sprintf("The source property `overrides` is deprecated but was found on source `%s` in file `%s`. Instead, `enabled` should be used to disable the unwanted source.", p.name, p.file.original), "")
		w.Event, w.Data = "SourceOverrideDeprecation", map[string]any{"source_name": p.name, "file": p.file.original}
		l.warn(w)
	}
	for i, p := range own {
		at := key{p.file.pkg.name, p.name}
		if o := over[at]; o != nil {
			merged := *p
			merged.node = overriddenSource(p.node, o.node)
			merged.config, merged.unrendered = l.configOf(p.file, p.kind, merged.node)
			own[i] = &merged
			delete(over, at)
		}
	}
	for at, p := range over {
		w := l.problemAt(p.file.shown, keyNode(p.node, "overrides"), fmt.Sprintf("During parsing, dbt encountered source overrides that had no target: %s.%s", at.pkg, at.source), "")
		w.Event = "UnusedTables"
		l.warn(w)
	}
	return own
}

// overriddenSource is a source whose keys, and those of its tables, another
// declaration replaces.
func overriddenSource(base, over *yaml.Node) *yaml.Node {
	source := replacedKeys(base, over, "name", "overrides", "tables")
	tables := &yaml.Node{Kind: yaml.SequenceNode}
	for _, t := range elements(child(base, "tables")) {
		i := slices.IndexFunc(elements(child(over, "tables")), func(o *yaml.Node) bool { return text(child(o, "name")) == text(child(t, "name")) })
		if i >= 0 {
			t = replacedKeys(t, elements(child(over, "tables"))[i], "name")
		}
		tables.Content = append(tables.Content, t)
	}
	return replacedKeys(source, &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "tables"}, tables}})
}

// replacedKeys is a mapping with the values of another one, but for some keys.
func replacedKeys(base, over *yaml.Node, except ...string) *yaml.Node {
	out := *base
	out.Content = nil
	for _, e := range entries(base) {
		value := e.value
		if o := child(over, e.key); o != nil && !slices.Contains(except, e.key) {
			value = o
		}
		out.Content = append(out.Content, e.at, value)
	}
	for _, e := range entries(over) {
		if !slices.Contains(except, e.key) && child(base, e.key) == nil {
			out.Content = append(out.Content, e.at, e.value)
		}
	}
	return &out
}
