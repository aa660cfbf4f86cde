package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// artifact is a file of a step, decoded; nil when the step left none.
type artifact map[string]any

func readArtifact(folder, name string) (artifact, error) {
	content, err := os.ReadFile(filepath.Join(folder, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	// What is told of an invocation is the same but for its id.
	var metadata struct {
		Metadata struct {
			InvocationID string `json:"invocation_id"`
		} `json:"metadata"`
	}
	if json.Unmarshal(content, &metadata) == nil && metadata.Metadata.InvocationID != "" {
		content = bytes.ReplaceAll(content, []byte(metadata.Metadata.InvocationID), []byte("<invocation_id>"))
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var a artifact
	if err := decoder.Decode(&a); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return a, nil
}

// object is a member that is an object, empty when it is none.
func object(value map[string]any, key string) map[string]any {
	o, _ := value[key].(map[string]any)
	return o
}

// schemaFiles are the published schemas of the artifacts.
var schemaFiles = map[string]string{
	"manifest.json":    "manifest-v12.json",
	"run_results.json": "run-results-v6.json",
	"catalog.json":     "catalog-v1.json",
	"sources.json":     "sources-v3.json",
}

// validate holds an artifact of ours against its schema. What real dbt's own
// artifact does as well is no fault of ours.
func (c *comparison) validate(name, ours, dbts string) error {
	file, ok := schemaFiles[name]
	if !ok || c.schemas == "" {
		return nil
	}
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(c.schemas, file))
	if err != nil {
		return fmt.Errorf("compile schema: %w", err)
	}
	faults, err := schemaFaults(schema, filepath.Join(ours, name))
	if err != nil || len(faults) == 0 {
		return err
	}
	also, err := schemaFaults(schema, filepath.Join(dbts, name))
	if err != nil {
		return err
	}
	for _, fault := range faults {
		if !slices.Contains(also, fault) {
			c.add(Difference{About: "artifact", Node: name, Field: "schema", Dbt: "valid", Ours: fault})
		}
	}
	return nil
}

func schemaFaults(schema *jsonschema.Schema, file string) ([]string, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("read artifact: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(document); !errors.As(err, &invalid) {
		return nil, err
	}
	var faults []string
	for line := range strings.Lines(invalid.Error()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "- ") {
			faults = append(faults, line)
		}
	}
	return faults, nil
}
