package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
)

// listed is one line of `dbt ls --output json`, with the keys that tools which
// call dbt read.
type listed struct {
	Name             string           `json:"name"`
	ResourceType     dbt.ResourceType `json:"resource_type"`
	PackageName      string           `json:"package_name"`
	OriginalFilePath string           `json:"original_file_path"`
	UniqueID         string           `json:"unique_id"`
	Alias            string           `json:"alias,omitempty"`
	Tags             []string         `json:"tags"`
	FQN              []string         `json:"fqn"`
	Config           *dbt.Config      `json:"config"`
	DependsOn        struct {
		Nodes []string `json:"nodes"`
	} `json:"depends_on"`

	selector string
}

// list prints the selected resources, one a line.
func (a *app) list(project *dbt.Project, ids []string, output string) error {
	for _, id := range ids {
		l, ok := describe(project, id)
		if !ok {
			continue
		}
		line := l.selector
		switch output {
		case "selector":
		case "name":
			line = l.Name
		case "path":
			line = l.OriginalFilePath
		case "json":
			text, err := json.Marshal(l)
			if err != nil {
				return fmt.Errorf("encode %s: %w", id, err)
			}
			line = string(text)
		default:
			return usagef("no output of ls is named %q", output).hint("--output selector, name, path or json")
		}
		fmt.Fprintln(a.stdout, line)
	}
	return nil
}

func describe(p *dbt.Project, id string) (listed, bool) {
	if n, ok := p.Nodes[id]; ok {
		l := listed{
			Name: n.Name, ResourceType: n.ResourceType, PackageName: n.PackageName,
			OriginalFilePath: n.OriginalFilePath, UniqueID: id, Alias: n.Alias, Tags: nonNil(n.Tags), FQN: n.FQN,
			selector: strings.Join(n.FQN, "."),
		}
		l.DependsOn.Nodes = nonNil(n.DependsOn.Nodes)
		l.Config = n.Config
		return l, true
	}
	if s, ok := p.Sources[id]; ok {
		l := listed{
			Name: s.Name, ResourceType: dbt.SourceResource, PackageName: s.PackageName,
			OriginalFilePath: s.OriginalFilePath, UniqueID: id, Tags: nonNil(s.Tags), FQN: s.FQN,
			selector: "source:" + strings.Join([]string{s.PackageName, s.SourceName, s.Name}, "."),
		}
		l.DependsOn.Nodes = []string{}
		l.Config = s.Config
		return l, true
	}
	if u, ok := p.UnitTests[id]; ok {
		l := listed{
			Name: u.Name, ResourceType: dbt.UnitTestResource, PackageName: u.PackageName,
			OriginalFilePath: u.OriginalFilePath, UniqueID: id, Tags: nonNil(u.Config.Tags()), FQN: u.FQN,
			selector: "unit_test:" + strings.Join(u.FQN, "."),
		}
		l.DependsOn.Nodes = nonNil(u.DependsOn.Nodes)
		l.Config = u.Config
		return l, true
	}
	return listed{}, false
}

// nonNil is an empty list rather than null in JSON.
func nonNil(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
