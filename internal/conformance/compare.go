package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Report is what became of one target on one adapter.
type Report struct {
	Target     string `json:"target"`
	Repository string `json:"repository"`
	Folder     string `json:"folder,omitempty"`
	Adapter    string `json:"adapter"`
	Note       string `json:"note,omitempty"`
	// Nodes are real dbt's, of every kind; Equal those without a difference.
	Nodes     int   `json:"nodes"`
	Equal     int   `json:"equal"`
	Relations int   `json:"relations"`
	Rows      int64 `json:"rows"`

	Answers     *Answers     `json:"answers,omitempty"`
	Steps       []StepReport `json:"steps"`
	Differences []Difference `json:"differences"`
}

// StepReport is one command under both.
type StepReport struct {
	Command string  `json:"command"`
	DbtExit int     `json:"dbt_exit"`
	OurExit int     `json:"apotheca_exit"`
	DbtTook float64 `json:"dbt_s"`
	OurTook float64 `json:"apotheca_s"`
	DbtDone string  `json:"dbt_done,omitempty"`
	OurDone string  `json:"apotheca_done,omitempty"`
}

// Unexplained counts the differences that have no reason.
func (r *Report) Unexplained() int {
	n := 0
	for _, d := range r.Differences {
		if d.Reason == "" {
			n++
		}
	}
	return n
}

// comparison gathers what is found while two sides are compared.
type comparison struct {
	target  *Target
	schemas string
	report  *Report
	step    string
	told    map[Difference]bool // without the step
}

// add keeps a difference once, with the step where it was first seen: every
// command writes the manifest anew.
func (c *comparison) add(d Difference) {
	d.Dbt, d.Ours = apart(d.Dbt, d.Ours)
	if c.told[d] && d.About != "exit" && d.About != "result" {
		return
	}
	c.told[d] = true
	d.Step = c.step
	c.report.Differences = append(c.report.Differences, d)
}

// Run runs a target under both and compares what they left.
func Run(ctx context.Context, t Target, adapter string, database Database, o Options) (*Report, error) {
	j := &job{Options: o, target: &t, adapter: adapter, database: database, folder: filepath.Join(o.Work, t.Name+"-"+adapter)}
	dbt, err := j.runSide(ctx, realDbt, o.Dbt)
	if err != nil {
		return nil, err
	}
	apotheca, err := j.runSide(ctx, ours, o.Apotheca)
	if err != nil {
		return nil, err
	}
	c := &comparison{target: &t, schemas: o.Schemas, told: map[Difference]bool{}, report: &Report{
		Target: t.Name, Repository: t.Repository, Folder: t.Folder, Adapter: adapter, Note: t.Note,
		Differences: []Difference{},
	}}
	manifest, err := c.compareSteps(j.folder, dbt, apotheca)
	if err != nil {
		return nil, err
	}
	c.step = ""
	if err := j.compareWarehouses(ctx, c); err != nil {
		return nil, err
	}
	c.count(manifest)
	published, err := j.answersOf()
	if err == nil && published != "" {
		err = c.compareAnswers(published, filepath.Join(j.folder, ours, apotheca.Steps[len(apotheca.Steps)-1].Folder))
	}
	if err != nil {
		return nil, err
	}
	t.explain(adapter, c.report.Differences)
	return c.report, writeJSON(filepath.Join(j.folder, "report.json"), c.report)
}

func (j *job) compareWarehouses(ctx context.Context, c *comparison) error {
	left, err := j.database.Open(ctx, realDbt, filepath.Join(j.folder, realDbt))
	if err != nil {
		return err
	}
	right, err := j.database.Open(ctx, ours, filepath.Join(j.folder, ours))
	if err != nil {
		return errors.Join(err, left.Close())
	}
	return errors.Join(c.compareDatabases(ctx, left, right), left.Close(), right.Close())
}

// compareSteps returns the last manifest of real dbt.
func (c *comparison) compareSteps(folder string, dbt, apotheca *outcome) (artifact, error) {
	var manifest artifact
	for i, left := range dbt.Steps {
		right := apotheca.Steps[i]
		c.step = left.Command
		last, err := c.compareStep(
			filepath.Join(folder, realDbt, left.Folder), filepath.Join(folder, ours, right.Folder), left, right)
		if err != nil {
			return nil, err
		}
		if last != nil {
			manifest = last
		}
	}
	return manifest, nil
}

func (c *comparison) compareStep(dbts, ours string, left, right step) (artifact, error) {
	if left.Exit != right.Exit {
		c.add(Difference{About: "exit", Field: "code", Dbt: fmt.Sprint(left.Exit), Ours: fmt.Sprint(right.Exit)})
	}
	dbtOut, err := os.ReadFile(filepath.Join(dbts, "stdout"))
	if err != nil {
		return nil, fmt.Errorf("read console: %w", err)
	}
	ourOut, err := os.ReadFile(filepath.Join(ours, "stdout"))
	if err != nil {
		return nil, fmt.Errorf("read console: %w", err)
	}
	c.report.Steps = append(c.report.Steps, StepReport{
		Command: left.Command, DbtExit: left.Exit, OurExit: right.Exit,
		DbtTook: seconds(left.Took), OurTook: seconds(right.Took),
		DbtDone: done(dbtOut), OurDone: done(ourOut),
	})
	if command, _, _ := strings.Cut(left.Command, " "); command == "ls" || command == "list" {
		c.compareListings(dbtOut, ourOut)
	} else {
		c.compareConsoles(dbtOut, ourOut)
	}
	var manifest artifact
	for _, name := range artifacts {
		a, err := readArtifact(dbts, name)
		if err != nil {
			return nil, err
		}
		b, err := readArtifact(ours, name)
		if err != nil {
			return nil, err
		}
		if name == "manifest.json" {
			manifest = a
		}
		if err := c.compareArtifacts(name, a, b); err != nil {
			return nil, err
		}
		if err := c.validate(name, ours, dbts); err != nil {
			return nil, err
		}
	}
	return manifest, nil
}

func (c *comparison) compareArtifacts(name string, a, b artifact) error {
	if (a == nil) != (b == nil) {
		c.add(Difference{About: "artifact", Node: name, Field: "written", Dbt: fmt.Sprint(a != nil), Ours: fmt.Sprint(b != nil)})
		return nil
	}
	if a == nil {
		return nil
	}
	switch name {
	case "manifest.json":
		c.compareManifests(a, b)
	case "run_results.json":
		c.compareResults("result", a, b)
	case "sources.json":
		c.compareResults("source", a, b)
	case "catalog.json":
		c.compareCatalogs(a, b)
	default:
		compareValues("", map[string]any(a), map[string]any(b), func(field, dbt, apotheca string) {
			c.add(Difference{About: "artifact", Node: name, Field: field, Dbt: dbt, Ours: apotheca})
		})
	}
	return nil
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// done is the line of counts.
func done(console []byte) string {
	for _, line := range told(console) {
		if counts, ok := strings.CutPrefix(line, "Done. "); ok {
			return counts
		}
	}
	return ""
}

// count says how many nodes have no difference in anything that was compared.
func (c *comparison) count(manifest artifact) {
	byRelation := map[string]string{}
	nodes := map[string]bool{} // whether it is equal
	for _, section := range sections {
		if section == "docs" || section == "macros" {
			continue
		}
		for id, value := range object(manifest, section) {
			nodes[id] = true
			if node, ok := value.(map[string]any); ok && !strings.HasPrefix(id, "test.") {
				name := node["alias"]
				if section == "sources" {
					name = node["identifier"]
				}
				byRelation[printed(node["schema"])+"."+printed(name)] = id
			}
		}
	}
	for _, d := range c.report.Differences {
		if d.About == "result" && (d.Field == "message" || strings.HasPrefix(d.Field, "adapter_response")) {
			continue // what a database says of a statement, not what became of it
		}
		id := d.Node
		if d.About == "table" {
			id = byRelation[id]
		}
		if nodes[id] {
			nodes[id] = false
		}
	}
	for _, equal := range nodes {
		c.report.Nodes++
		if equal {
			c.report.Equal++
		}
	}
}
