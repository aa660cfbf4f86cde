package dbt

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/graph"
	"apotheca/internal/jinja"
)

// finish resolves every ref, then checks what only the whole project tells.
func (l *loader) finish() {
	l.loadSemantics()
	l.loadExposures()
	l.p.sortedNodes = make([]*Node, 0, len(l.p.Nodes))
	for _, id := range keysOf(l.p.Nodes) {
		l.p.sortedNodes = append(l.p.sortedNodes, l.p.Nodes[id])
	}
	for _, n := range l.p.sortedNodes {
		missing := l.p.resolveDependencies(n)
		switch {
		case len(missing) == 0:
		case n.ResourceType == DataTest:
			l.disableTest(n, missing)
		default:
			for _, m := range missing {
				l.fail(m)
			}
		}
	}
	l.p.sortedNodes = slices.DeleteFunc(l.p.sortedNodes, func(n *Node) bool { return n.unresolved })
	l.checkVersions()
	l.attachTests()
	// None of these writes what another reads, and problems are sorted later.
	last := []func(){
		func() { l.p.neighbours(); l.checkCycles() },
		func() { l.p.inferPrimaryKeys(); l.checkPersonalData(); l.resolveDocs() },
		l.warnUnusedConfigs, l.warnMicrobatch, l.checkAccess, l.checkAliases, l.warnDeprecatedModels, l.checkTimeSpine, l.checkSpaces,
	}
	parallel(len(last), func(i int) { last[i]() })
}

// disableTest switches off a test of something that is not there. dbt warns,
// unless the reason is that it was switched off itself.
func (l *loader) disableTest(n *Node, missing Problems) {
	delete(l.p.Nodes, n.UniqueID)
	n.unresolved = true
	n.Config.values.Set("enabled", false)
	l.p.Disabled[n.UniqueID] = append(l.p.Disabled[n.UniqueID], n)
	orphaned := false
	for _, m := range missing {
		if !strings.Contains(m.Message, "is disabled") {
			orphaned = true
			m.Event = "NodeNotFoundOrDisabled"
			m.Data = map[string]any{"unique_id": n.UniqueID, "original_file_path": n.OriginalFilePath, "resource_type_title": "Test", "disabled": "False"}
			l.warn(m)
		}
	}
	if orphaned {
		l.p.Orphans = append(l.p.Orphans, n)
	}
}

// attachTests tells each generic test which node it was declared on, also those
// that are switched off, as with the node itself.
func (l *loader) attachTests() {
	tests := slices.Collect(maps.Values(l.p.Nodes))
	for _, off := range l.p.Disabled {
		tests = append(tests, off...)
	}
	for _, n := range tests {
		if n.Test == nil || strings.HasPrefix(n.Test.FileKeyName, "sources.") {
			continue
		}
		_, name, _ := strings.Cut(n.Test.FileKeyName, ".")
		at := Ref{Name: name}
		if on := n.Test.on; on.version != nil {
			at.Version = on.version.version
		}
		target := l.p.resolveRef(n.PackageName, at)
		if target == nil {
			target = l.p.lookup(l.p.index.disabled, n.PackageName, at)
		}
		if target != nil {
			n.Test.AttachedNode = target.UniqueID
			if n.Group == "" {
				n.Group = target.Group
			}
		}
	}
}

// checkAccess refuses refs across the borders of groups and packages.
func (l *loader) checkAccess() {
	groups := map[string]bool{}
	for _, g := range l.p.Groups {
		groups[g.Name] = true
	}
	for _, n := range l.p.sortedNodes {
		if n.Group != "" && !groups[n.Group] {
			l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: fmt.Sprintf("%s belongs to the group '%s', which does not exist", n.UniqueID, n.Group),
				Hint: "declare it under groups: in a properties file"})
		}
		for _, parent := range n.DependsOn.Nodes {
			if target := l.p.Nodes[parent]; target != nil {
				l.checkReference(n, target)
			}
		}
	}
}

func (l *loader) checkReference(n, target *Node) {
	if target.ResourceType != Model || n.ResourceType == DataTest {
		return
	}
	restricted := target.pkg != nil && l.projectKey(target.pkg, "restrict-access") == true
	private := target.Access == "private" && (n.Group != target.Group || target.Group == "")
	protected := target.Access == "protected" && restricted && n.PackageName != target.PackageName
	scope, kind := target.PackageName, "package"
	if target.Access == "private" {
		scope, kind = target.Group, "group"
	}
	if private && (target.PackageName == n.PackageName || restricted) || protected {
		l.fail(Problem{File: n.shownFile(), Line: n.refLine(target.Name), Message: fmt.Sprintf(
			"Node %s attempted to reference node %s, which is not allowed because the referenced node is %s to the '%s' %s.",
			n.UniqueID, target.UniqueID, target.Access, scope, kind),
			Hint: "put both into one group, or change the access of " + target.Name})
	}
}

// checkSpaces refuses spaces in names, which dbt does unless the project lets
// it warn.
func (l *loader) checkSpaces() {
	count := 0
	for _, n := range l.p.sortedNodes {
		switch {
		case !strings.Contains(n.Name, " "):
			continue
		case l.p.behaves("require_resource_names_without_spaces"):
			l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: fmt.Sprintf("Resource names cannot contain spaces: %q", n.Name), Hint: "name it " + strings.ReplaceAll(n.Name, " ", "_")})
		}
		count++
	}
	if count > 0 {
		l.warn(Problem{Event: "ResourceNamesWithSpacesDeprecation", Message: fmt.Sprintf("Spaces found in %d resource name(s). This is deprecated, and may lead to errors when using dbt.", count)})
	}
}

// checkAliases refuses two nodes that would make the same relation.
func (l *loader) checkAliases() {
	made := map[string]*Node{}
	for _, n := range l.p.sortedNodes {
		if !n.isReferable() || n.IsEphemeral() {
			continue
		}
		key := strings.ToLower(l.p.Relation(n).String())
		if other := made[key]; other != nil {
			l.fail(Problem{File: n.shownFile(), Line: n.Line, Message: duplicateRelation(n, other),
				Hint: "give one of them another alias or schema"})
			continue
		}
		made[key] = n
	}
}

// warnDeprecatedModels names the models whose day has passed, and who still
// reads them.
func (l *loader) warnDeprecatedModels() {
	for _, n := range l.p.sortedNodes {
		if n.ResourceType != Model {
			continue
		}
		if n.deprecated(l.o.Now) {
			l.warn(Problem{File: n.shownFile(), Line: n.Line, Event: "DeprecatedModel", Message: fmt.Sprintf(
				"Model %s has passed its deprecation date of %s. This model should be disabled or removed.", n.label(), n.DeprecationDate)})
		}
		for _, parent := range n.DependsOn.Nodes {
			target := l.p.Nodes[parent]
			if target == nil || target.DeprecationDate == "" {
				continue
			}
			w := Problem{File: n.shownFile(), Line: n.refLine(target.Name), Event: "UpcomingReferenceDeprecation"}
			state, do := "is slated for deprecation on", "Try it out"
			if target.deprecated(l.o.Now) {
				w.Event, state, do = "DeprecatedReference", "was deprecated on", "Migrate now"
			}
			w.Message = fmt.Sprintf("While compiling '%s': Found a reference to %s, which %s '%s'. ", n.Name, target.label(), state, target.DeprecationDate)
			if target.Version != nil && !target.isLatest() {
				w.Message += fmt.Sprintf("A new version of '%s' is available. %s: {{ ref('%s', '%s', v='%s') }}.", target.Name, do, target.PackageName, target.Name, jinja.Str(target.LatestVersion))
			}
			l.warn(w)
		}
	}
}

// deprecated reports a model whose deprecation date has passed.
func (n *Node) deprecated(now time.Time) bool {
	t, err := time.Parse("2006-01-02T15:04:05-07:00", n.DeprecationDate)
	return err == nil && t.Before(now)
}

// label is a model's name with its version.
func (n *Node) label() string {
	if n.Version == nil {
		return n.Name
	}
	return n.Name + ".v" + jinja.Str(n.Version)
}

// warnUnusedConfigs names the folders of dbt_project.yml that hold nothing.
func (l *loader) warnUnusedConfigs() {
	used := map[ResourceType]map[string]bool{}
	mark := func(t ResourceType, fqn []string) {
		if used[t] == nil {
			used[t] = map[string]bool{}
		}
		for i := range fqn {
			used[t][strings.Join(fqn[:i+1], "\x00")] = true
		}
	}
	for _, n := range l.p.Nodes {
		mark(n.ResourceType, n.FQN)
	}
	for _, off := range l.p.Disabled {
		for _, n := range off {
			mark(n.ResourceType, n.FQN)
		}
	}
	for _, s := range l.p.Sources {
		mark(SourceResource, s.FQN)
	}
	for _, u := range l.p.UnitTests {
		mark(UnitTestResource, u.FQN)
	}
	for _, e := range l.p.Exposures {
		mark(ExposureResource, e.FQN)
	}
	for _, s := range l.p.semantics() {
		mark(s.ResourceType, s.FQN)
	}
	var all []string
	var first *yaml.Node
	for _, t := range slices.Sorted(maps.Keys(l.p.root.configs)) {
		configs, section := l.p.root.configs[t], sectionOf(t)
		unused := unusedConfigs(configs, nil, func(path []string) bool { return used[t][strings.Join(path, "\x00")] })
		for _, path := range unused {
			n := child(l.p.root.doc, section)
			at := keyNode(l.p.root.doc, section)
			for _, key := range path {
				if k := keyNode(n, key); k != nil {
					at = k
				}
				n = child(n, key)
			}
			all = append(all, "- "+section+"."+strings.Join(path, "."))
			if first == nil {
				first = at
			}
		}
	}
	if len(all) == 0 {
		return
	}
	w := l.problemAt(projectFile, first, fmt.Sprintf("Configuration paths exist in your dbt_project.yml file which do not apply to any resources.\nThere are %d unused configuration paths:\n%s",
		len(all), strings.Join(all, "\n")), "")
	w.Event = "UnusedResourceConfigPath"
	paths := make([]any, len(all))
	for i, path := range all {
		paths[i] = strings.TrimPrefix(path, "- ")
	}
	w.Data = map[string]any{"unused_config_paths": paths}
	l.warn(w)
}

func sectionOf(t ResourceType) string {
	switch t {
	case DataTest:
		return "data_tests"
	case Analysis:
		return "analyses"
	case SavedQueryResource:
		return "saved_queries"
	}
	return string(t) + "s"
}

// isAcyclic takes away what waits for nothing until nothing is left, or what is
// left waits for itself.
func (p *Project) isAcyclic() bool {
	waiting := make(map[string]int, len(p.Parents))
	var ready []string
	for id, parents := range p.Parents {
		known := 0
		for _, parent := range parents {
			if _, ok := p.Parents[parent]; ok {
				known++
			}
		}
		if waiting[id] = known; known == 0 {
			ready = append(ready, id)
		}
	}
	done := 0
	for ; done < len(ready); done++ {
		for _, child := range p.Children[ready[done]] {
			if waiting[child]--; waiting[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	return done == len(p.Parents)
}

// checkCycles spells a cycle of refs.
func (l *loader) checkCycles() {
	if l.p.isAcyclic() {
		return // the usual case: spelling takes ten times as long
	}
	steps := make([]graph.Step, 0, len(l.p.Parents))
	for _, id := range keysOf(l.p.Parents) {
		var needs []string
		for _, parent := range l.p.Parents[id] {
			if _, known := l.p.Parents[parent]; known {
				needs = append(needs, parent)
			}
		}
		steps = append(steps, graph.Step{ID: id, Needs: needs})
	}
	_, err := graph.New(steps)
	if err == nil {
		return
	}
	p := Problem{Message: err.Error()}
	var cycle *graph.CycleError
	if errors.As(err, &cycle) {
		names := make([]string, len(cycle.Path))
		for i, id := range cycle.Path {
			names[i] = id[strings.LastIndex(id, ".")+1:]
		}
		p.Message = "found a cycle: " + strings.Join(names, " → ")
		p.Hint = "one of these must not refer to the next"
		if n := l.p.Nodes[cycle.Path[0]]; n != nil {
			p.File, p.Line = n.shownFile(), n.Line
			if len(names) > 1 {
				p.Line = n.refLine(names[1])
			}
		}
	}
	l.fail(p)
}

// jinjaList makes a list of texts.
func jinjaList(in []string) *jinja.List {
	l := jinja.NewList()
	for _, s := range in {
		l.V = append(l.V, s)
	}
	return l
}
