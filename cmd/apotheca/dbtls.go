package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// listed is one resource as `dbt ls` shows it.
type listed struct {
	selector, name, path string
	// fields are those of --output json, which tools that call dbt read.
	fields []field
}

type field struct {
	key   string
	value any
}

// listedTypes are what ls lists unless --resource-type says otherwise.
func listedTypes() []dbt.ResourceType {
	return append(build.Build.Types(), dbt.SourceResource)
}

// listNodes prints the selected resources, one a line.
func listNodes(_ context.Context, i *invocation, f *listFlags) error {
	read := i.readOnly
	if i.asDBT {
		read = i.load // with what dbt says of it
	}
	if err := read(); err != nil {
		return err
	}
	ids, err := i.selectNodes()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return i.warn(dbt.Problem{Event: "NoNodesSelected", Message: "No nodes selected!", Data: map[string]any{}})
	}
	keys := words(f.keys)
	for _, id := range ids {
		l, ok := describe(i.project, id)
		if !ok {
			continue
		}
		line := l.selector
		switch f.output {
		case "selector":
		case "name":
			line = l.name
		case "path":
			line = l.path
		case "json":
			text, err := l.json(keys)
			if err != nil {
				return fmt.Errorf("encode %s: %w", id, err)
			}
			line = text
		default:
			return usagef("no output of ls is named %q", f.output).hint("--output selector, name, path or json")
		}
		i.print("PrintEvent", line, nil)
	}
	return nil
}

// json is an object on one line, with only the given keys if there are any. The
// fqn is there on demand only.
func (l listed) json(keys []string) (string, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, f := range l.fields {
		if len(keys) > 0 && !slices.Contains(keys, f.key) || len(keys) == 0 && f.key == "fqn" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%q:%s", f.key, value)
	}
	b.WriteByte('}')
	return b.String(), nil
}

// withoutTags is for what has its tags in its config alone, or none.
func withoutTags(fields []field) []field {
	return slices.DeleteFunc(fields, func(f field) bool { return f.key == "tags" })
}

func describe(p *dbt.Project, id string) (listed, bool) {
	if n, ok := p.Nodes[id]; ok {
		return listed{
			selector: strings.Join(n.FQN, "."), name: n.Name, path: n.OriginalFilePath,
			fields: append(common(id, n.Name, n.ResourceType, n.PackageName, n.OriginalFilePath, n.FQN, n.Tags, n.Config),
				field{"alias", n.Alias}, dependsOnOf(n)),
		}, true
	}
	if s, ok := p.Sources[id]; ok {
		name := s.SourceName + "." + s.Name
		return listed{
			selector: "source:" + s.PackageName + "." + name, name: name, path: s.OriginalFilePath,
			fields: append(common(id, s.Name, dbt.SourceResource, s.PackageName, s.OriginalFilePath, s.FQN, s.Tags, s.Config),
				field{"source_name", s.SourceName}),
		}, true
	}
	if u, ok := p.UnitTests[id]; ok {
		return listed{
			selector: "unit_test:" + u.PackageName + "." + u.Name, name: u.Name, path: u.OriginalFilePath,
			fields: withoutTags(append(common(id, u.Name, dbt.UnitTestResource, u.PackageName, u.OriginalFilePath, u.FQN, nil, u.Config),
				dependsOn(u.DependsOn))),
		}, true
	}
	if e, ok := p.Exposures[id]; ok {
		return listed{
			selector: "exposure:" + e.PackageName + "." + e.Name, name: e.Name, path: e.OriginalFilePath,
			fields: append(common(id, e.Name, dbt.ExposureResource, e.PackageName, e.OriginalFilePath, e.FQN, e.Tags, e.Config),
				dependsOn(e.DependsOn)),
		}, true
	}
	for _, all := range []map[string]*dbt.Semantic{p.Metrics, p.SemanticModels, p.SavedQueries} {
		if s, ok := all[id]; ok {
			fields := append(common(id, s.Name, s.ResourceType, s.PackageName, s.OriginalFilePath, s.FQN, s.Tags, s.Config),
				dependsOn(s.DependsOn))
			if s.ResourceType == dbt.SemanticModelResource {
				fields = withoutTags(fields)
			}
			return listed{
				selector: string(s.ResourceType) + ":" + s.PackageName + "." + s.Name, name: s.Name, path: s.OriginalFilePath, fields: fields,
			}, true
		}
	}
	return listed{}, false
}

func common(id, name string, kind dbt.ResourceType, pkg, path string, fqn, tags []string, config *dbt.Config) []field {
	return []field{
		{"name", name}, {"resource_type", kind}, {"package_name", pkg}, {"original_file_path", path}, {"unique_id", id},
		{"fqn", fqn}, {"tags", nonNil(tags)}, {"config", config},
	}
}

// dependsOnOf leaves out of a seed what it cannot have.
func dependsOnOf(n *dbt.Node) field {
	if n.ResourceType == dbt.Seed {
		return field{"depends_on", map[string][]string{"macros": nonNil(n.DependsOn.Macros)}}
	}
	return dependsOn(n.DependsOn)
}

func dependsOn(d dbt.DependsOn) field {
	return field{"depends_on", map[string][]string{"macros": nonNil(d.Macros), "nodes": nonNil(d.Nodes)}}
}

// nonNil is an empty list rather than null in JSON.
func nonNil(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// lsFlags adds those of ls.
func lsFlags(cmd *cobra.Command, f *listFlags) {
	cmd.Flags().StringVar(&f.output, "output", "selector", "what is printed: selector, name, path or json")
	cmd.Flags().StringArrayVar(&f.keys, "output-keys", nil, "only these `keys` of --output json")
}
