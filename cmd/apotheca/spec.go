package main

import (
	"fmt"
	"io/fs"

	"apotheca/internal/flatten"
)

// specName is the mapping that lies beside a project's dbt_project.yml.
const specName = "flatten.yml"

// readSpec reads the project's mapping from records to staging tables.
func readSpec(project fs.FS, label string) (*flatten.Spec, error) {
	text, err := fs.ReadFile(project, specName)
	if err != nil {
		return nil, usagef("%s has no %s: %v", label, specName, err).
			hint("apotheca init DIR writes the built-in one out")
	}
	spec, err := flatten.ParseSpec(fmt.Sprintf("%s/%s", label, specName), text)
	if err != nil {
		return nil, &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	return spec, nil
}
