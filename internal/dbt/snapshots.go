package dbt

import (
	"errors"
	"fmt"
	"path"

	"apotheca/internal/jinja"
)

// snapshotBlocks finds the {% snapshot %} blocks of a file.
func (l *loader) snapshotBlocks(f file) []job {
	content, ok := l.read(f)
	if !ok {
		return nil
	}
	t, err := jinja.Parse(f.shown, content)
	if err != nil {
		l.fail(templateProblem(f.shown, 1, err))
		return nil
	}
	var jobs []job
	for _, b := range t.Blocks {
		if b.Kind == "snapshot" {
			jobs = append(jobs, job{kind: Snapshot, file: f, patch: "snapshots", block: b, line: b.Pos.Line})
		}
	}
	return jobs
}

// yamlSnapshot makes a snapshot that is declared by its relation alone.
func (l *loader) yamlSnapshot(p *patch) *Node {
	f := p.file
	relation := text(child(p.node, "relation")) // an expression, as written
	n := &Node{
		Name: p.name, ResourceType: Snapshot, PackageName: f.pkg.name, Path: f.relative, OriginalFilePath: f.original,
		Language: "sql", Line: p.node.Line, pkg: f.pkg, FQN: f.fqn(p.name),
		RawCode: fmt.Sprintf("select * from {{ %s }}", relation),
	}
	n.UniqueID = "snapshot." + n.PackageName + "." + n.Name
	n.Path = path.Join(f.relative, p.name+".sql")
	if content, ok := l.read(f); ok {
		n.Checksum = checksum(content)
	}
	l.parseNode(n, p)
	return n
}

// hardDeletes is what becomes of a snapshot's rows that the query no longer
// returns.
func (c *Config) hardDeletes() (string, error) {
	behavior, old := c.String("hard_deletes"), c.String("invalidate_hard_deletes")
	switch {
	case behavior != "" && old != "":
		return "", errors.New("hard_deletes and invalidate_hard_deletes exclude each other")
	case old == "True" || behavior == "invalidate":
		return "invalidate", nil
	case behavior == "" || behavior == "ignore":
		return "ignore", nil
	case behavior == "new_record":
		return behavior, nil
	}
	return "", fmt.Errorf("hard_deletes must be ignore, invalidate or new_record, not %s", behavior)
}
