package dbt

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// loadDocs reads the docs blocks of every package's Markdown files.
func (l *loader) loadDocs() {
	for _, p := range l.p.ordered() {
		for _, f := range p.files.docs {
			content, ok := l.read(f)
			if !ok || !strings.Contains(content, "{%") {
				continue
			}
			t, err := jinja.Parse(f.shown, content)
			if err != nil {
				l.fail(templateProblem(f.shown, 1, err))
				continue
			}
			for _, b := range t.Blocks {
				if b.Kind == "docs" {
					l.addDoc(f, b)
				}
			}
		}
	}
}

func (l *loader) addDoc(f file, b *jinja.Block) {
	d := &Doc{UniqueID: "doc." + f.pkg.name + "." + b.Name, Name: b.Name, PackageName: f.pkg.name, Path: f.relative,
		OriginalFilePath: f.original, Contents: strings.TrimSpace(b.Source)}
	if other := l.p.Docs[d.UniqueID]; other != nil {
		l.fail(Problem{File: f.shown, Line: b.Pos.Line, Message: fmt.Sprintf("there are two docs blocks named %q: the other one is in %s", b.Name, other.OriginalFilePath)})
		return
	}
	l.p.Docs[d.UniqueID] = d
}

// resolveDocs renders every description, in which doc() may stand.
func (l *loader) resolveDocs() {
	for _, n := range l.p.sortedNodes {
		at := n.shownFile()
		if p := n.PatchPath; p != "" {
			at = n.pkg.file(strings.SplitN(p, "://", 2)[1])
		}
		n.Description, n.DocBlocks = l.description(n.pkg, at, n.Description)
		l.columnDescriptions(n.pkg, at, n.Columns)
	}
	for _, id := range keysOf(l.p.Sources) {
		s := l.p.Sources[id]
		in := l.p.packages[s.PackageName]
		at := in.file(s.OriginalFilePath)
		s.Description, s.DocBlocks = l.description(in, at, s.Description)
		s.SourceDescription, _ = l.description(in, at, s.SourceDescription)
		l.columnDescriptions(in, at, s.Columns)
	}
	for _, id := range keysOf(l.p.Exposures) {
		e := l.p.Exposures[id]
		in := l.p.packages[e.PackageName]
		e.Description, _ = l.description(in, in.file(e.OriginalFilePath), e.Description)
	}
	for _, id := range keysOf(l.p.Macros) {
		m := l.p.Macros[id]
		if in := l.p.packages[m.PackageName]; in != nil {
			m.Description, _ = l.description(in, in.file(m.OriginalFilePath), m.Description)
		}
	}
}

func (l *loader) columnDescriptions(in *pkg, at string, columns []ColumnInfo) {
	for i := range columns {
		columns[i].Description, columns[i].DocBlocks = l.description(in, at, columns[i].Description)
	}
}

// description renders one description and lists the docs blocks it uses.
func (l *loader) description(in *pkg, at, text string) (string, []string) {
	if !hasTemplate(text) {
		return text, nil
	}
	var used []string
	sc := &scope{p: l.p, pkg: in, level: levelTarget, extra: map[string]any{
		"doc": function(func(a []any, _ *jinja.Dict) (any, error) {
			d, err := l.p.findDoc(in, a)
			if err != nil {
				return nil, err
			}
			used = append(used, d.UniqueID)
			return d.Contents, nil
		}),
	}}
	out, err := sc.renderText(context.Background(), at, text)
	if err != nil {
		p := templateProblem(at, 0, err)
		p.Line, p.Col = 0, 0 // the line is one of the description, not of the file
		l.fail(p)
	}
	return out, used
}

func (p *Project) findDoc(in *pkg, a []any) (*Doc, error) {
	var where []string
	var name string
	switch len(a) {
	case 1:
		name, where = jinja.Str(a[0]), p.searchPackages(in.name, "")
	case 2:
		name, where = jinja.Str(a[1]), []string{jinja.Str(a[0])}
	default:
		return nil, fmt.Errorf("doc() takes one or two names (%d given)", len(a))
	}
	var known []string
	for _, id := range keysOf(p.Docs) {
		known = append(known, p.Docs[id].Name)
	}
	for _, pkgName := range where {
		for _, id := range keysOf(p.Docs) {
			if d := p.Docs[id]; d.Name == name && (pkgName == "" || d.PackageName == pkgName) {
				return d, nil
			}
		}
	}
	problem := Problem{Message: fmt.Sprintf("documentation for '%s' not found", name)}
	if near := nearest(name, known); near != "" {
		problem.Hint = fmt.Sprintf("did you mean doc('%s')?", near)
	}
	return nil, problem
}
