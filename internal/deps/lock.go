package deps

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"go.yaml.in/yaml/v4"

	"apotheca/internal/dbt"
)

// lock resolves the list and writes package-lock.yml.
func (s *shop) lock(ctx context.Context, list *dbt.PackageList) error {
	all, err := s.resolve(ctx, list)
	if err != nil {
		return err
	}
	var b strings.Builder
	if len(all) == 0 {
		b.WriteString("packages: []\n")
	} else {
		b.WriteString("packages:\n")
	}
	for _, p := range all {
		for i, line := range p.locked() {
			indent := "    "
			if i == 0 {
				indent = "  - "
			}
			b.WriteString(indent + line + "\n")
		}
	}
	b.WriteString("sha1_hash: " + list.Hash + "\n")
	name, err := filepath.Abs(filepath.Join(s.o.Dir, "package-lock.yml"))
	if err == nil {
		err = renameio.WriteFile(name, []byte(b.String()), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	s.o.Log("Updating lock file in file path: " + name)
	return nil
}

// locked are the lines of a package in the lock file, keys sorted.
func (p *pinned) locked() []string {
	name := "name: " + scalar(p.name)
	switch {
	case p.spec.Hub != "":
		return []string{name, "package: " + scalar(p.spec.Hub), "version: " + scalar(p.version)}
	case p.spec.Git != "":
		lines := []string{"git: " + scalar(p.spec.Written), name, "revision: " + scalar(p.revision)}
		if p.spec.Subdirectory != "" {
			lines = append(lines, "subdirectory: "+scalar(p.spec.Subdirectory))
		}
		return lines
	case p.spec.Tarball != "":
		return []string{name, "tarball: " + scalar(p.spec.Written)}
	}
	return []string{"local: " + scalar(p.spec.Local), name}
}

// scalar writes a text so that it is read back as one.
func scalar(s string) string {
	out, err := yaml.Marshal(s)
	if err != nil || strings.Contains(strings.TrimSpace(string(out)), "\n") {
		return fmt.Sprintf("%q", s)
	}
	text := strings.TrimSpace(string(out))
	if inner, quoted := strings.CutPrefix(text, `"`); quoted && !strings.Contains(inner, `\`) {
		text = "'" + strings.ReplaceAll(strings.TrimSuffix(inner, `"`), "'", "''") + "'" // as dbt quotes
	}
	return text
}

// Addition is a package to put into packages.yml.
type Addition struct {
	Package string
	Version string // may hold several bounds, at commas
	Source  string // hub, git or local
}

// add writes the package into packages.yml, or dependencies.yml if the
// packages stand there, in place of one of that name.
func (o Options) add(a Addition) error {
	list, err := dbt.PackageSource{FS: os.DirFS(o.Dir), Vars: o.Vars, Env: o.Env}.List()
	if err != nil {
		return err
	}
	name := filepath.Join(o.Dir, list.File)
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		o.Log("Created packages.yml")
		data, err = nil, nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", list.File, err)
	}
	data, err = o.withPackage(data, a)
	if err == nil {
		err = renameio.WriteFile(name, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", list.File, err)
	}
	o.Log(fmt.Sprintf("Added new package %s@%s to %s", a.Package, a.Version, name))
	return nil
}

// withPackage edits the file's text; comments stay.
func (o Options) withPackage(data []byte, a Addition) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	root := doc.Content[0]
	var packages *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "packages" {
			packages = root.Content[i+1]
		}
	}
	if packages == nil || packages.Kind != yaml.SequenceNode {
		packages = &yaml.Node{Kind: yaml.SequenceNode}
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "packages"}, packages)
	}
	packages.Style = 0
	kept := packages.Content[:0]
	for _, p := range packages.Content {
		if mentions(p, a.Package) {
			o.Log("Found duplicate package in packages.yml, removing: " + p.Content[1].Value)
			continue
		}
		kept = append(kept, p)
	}
	packages.Content = append(kept, a.node())
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// mentions reports a package any of whose values names the other, as a URL
// does.
func mentions(p *yaml.Node, name string) bool {
	for i := 1; i < len(p.Content); i += 2 {
		if strings.Contains(p.Content[i].Value, name) {
			return true
		}
	}
	return false
}

// node is the package as packages.yml has it.
func (a Addition) node() *yaml.Node {
	text := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	key, version := a.Source, "version"
	switch a.Source {
	case "", "hub":
		key = "package"
	case "git":
		version = "revision"
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text(key), text(a.Package)}}
	if a.Version == "" {
		return n
	}
	value := text(a.Version)
	if strings.Contains(a.Version, ",") {
		value = &yaml.Node{Kind: yaml.SequenceNode}
		for _, v := range strings.Split(a.Version, ",") {
			value.Content = append(value.Content, text(strings.TrimSpace(v)))
		}
	}
	n.Content = append(n.Content, text(version), value)
	return n
}
