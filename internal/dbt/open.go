package dbt

import (
	"io/fs"
	"path"
)

// Open opens the file a node was read from, such as a seed's CSV.
func (p *Project) Open(n *Node) (fs.File, error) {
	return p.options.FS.Open(path.Join(n.pkg.dir, n.OriginalFilePath))
}
