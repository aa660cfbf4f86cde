package main

import (
	"fmt"
	"io/fs"

	"apotheca/internal/flatten"
)

// readSpec reads the mapping from records to tables that a pipeline names.
func readSpec(d *declared) (*flatten.Spec, error) {
	text, err := fs.ReadFile(d.files, d.Mapping)
	if err != nil {
		return nil, usagef("%s has no %s: %v", d.label, d.Mapping, err).
			hint("apotheca init DIR writes the built-in one out")
	}
	spec, err := flatten.ParseSpec(fmt.Sprintf("%s/%s", d.label, d.Mapping), text)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return spec, nil
}
