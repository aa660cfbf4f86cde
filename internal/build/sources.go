package build

import (
	"cmp"
	"encoding/json"
	"io"

	"apotheca/internal/dbt"
)

// sourcesFile is target/sources.json, version 3.
type sourcesFile struct {
	Metadata    artifactMetadata `json:"metadata"`
	Results     []any            `json:"results"`
	ElapsedTime float64          `json:"elapsed_time"`
}

// sourceAge is the entry of a source that answered.
type sourceAge struct {
	UniqueID        string         `json:"unique_id"`
	MaxLoadedAt     string         `json:"max_loaded_at"`
	SnapshottedAt   string         `json:"snapshotted_at"`
	AgeSeconds      float64        `json:"max_loaded_at_time_ago_in_s"`
	Status          Status         `json:"status"`
	Criteria        criteria       `json:"criteria"`
	AdapterResponse map[string]any `json:"adapter_response"`
	Timing          []timing       `json:"timing"`
	ThreadID        string         `json:"thread_id"`
	ExecutionTime   float64        `json:"execution_time"`
}

// sourceProblem is the entry of a source that did not.
type sourceProblem struct {
	UniqueID string `json:"unique_id"`
	Error    string `json:"error"`
	Status   Status `json:"status"`
}

type criteria struct {
	WarnAfter  *ageLimit `json:"warn_after"`
	ErrorAfter *ageLimit `json:"error_after"`
	Filter     *string   `json:"filter"`
}

type ageLimit struct {
	Count  *int    `json:"count"`
	Period *string `json:"period"`
}

func (r *run) writeSources(results *Results) error {
	file := sourcesFile{
		Metadata:    r.artifactMetadata("sources/v3"),
		Results:     []any{},
		ElapsedTime: results.Elapsed.Seconds(),
	}
	for _, result := range results.All {
		switch {
		case result.Source == nil:
		case result.Freshness == nil:
			file.Results = append(file.Results, sourceProblem{result.UniqueID, result.Message, RuntimeError})
		default:
			file.Results = append(file.Results, aged(result))
		}
	}
	return r.writeWhole(cmp.Or(r.SourcesName, "sources.json"), func(w io.Writer) error { return encode(w, file) })
}

func aged(result *Result) sourceAge {
	declared := result.Source.Freshness
	entry := sourceAge{
		UniqueID: result.UniqueID, MaxLoadedAt: stamp(result.Freshness.MaxLoadedAt), SnapshottedAt: stamp(result.Freshness.SnapshottedAt),
		AgeSeconds: result.Freshness.seconds(), Status: result.Status,
		Criteria:        criteria{WarnAfter: limitOf(declared.WarnAfter), ErrorAfter: limitOf(declared.ErrorAfter)},
		AdapterResponse: adapterResponse(result),
		Timing:          []timing{{"compile", stamp(result.Started), stamp(result.Started)}, {"execute", stamp(result.Started), stamp(result.Finished)}},
		ThreadID:        result.Thread, ExecutionTime: result.Took().Seconds(),
	}
	if declared.Filter != "" {
		entry.Criteria.Filter = &declared.Filter
	}
	return entry
}

// limitOf writes what is not limited as an empty limit, as dbt does.
func limitOf(age *dbt.Age) *ageLimit {
	if age == nil {
		return &ageLimit{}
	}
	return &ageLimit{&age.Count, &age.Period}
}

func encode(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
