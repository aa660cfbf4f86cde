package dbt

import "io/fs"

// Open opens the file a node was read from, such as a seed's CSV.
func (p *Project) Open(n *Node) (fs.File, error) {
	return p.options.FS.Open(n.pkg.file(n.OriginalFilePath))
}
