package pipeline

import (
	"context"
	"fmt"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// answerMax is how many rows of the answer are shown.
const answerMax = 20

// answer reads the model that the pipeline is run for; nil when none is named,
// and when this run has not made it: what a run before has left is no answer.
func (r *run) answer(ctx context.Context, conn warehouse.Conn, project *dbt.Project, results *build.Results) (*Answer, error) {
	n, err := AnswerModel(project, r.Answer)
	if n == nil || err != nil {
		return nil, err
	}
	if made, ok := results.Find(n.UniqueID); !ok || made.Status != build.Success {
		return nil, nil
	}
	relation := warehouse.Relation{Schema: n.Schema, Name: n.Alias}
	found, err := warehouse.Fetch(ctx, conn, answerMax+1, "select * from "+r.warehouse.Dialect().QuoteRelation(relation)+" order by 1")
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	a := &Answer{Model: n.Name, Columns: found.Columns, Rows: found.Rows}
	if a.More = len(a.Rows) > answerMax; a.More {
		a.Rows = a.Rows[:answerMax]
	}
	return a, nil
}

// AnswerModel is the model of a name; nil where none is named.
func AnswerModel(project *dbt.Project, name string) (*dbt.Node, error) {
	if name == "" {
		return nil, nil
	}
	for _, n := range project.Nodes {
		if n.ResourceType == dbt.Model && n.Name == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("the answer is to be model %s, which the project does not have\nhint: `answer:` in pipeline.yml names it", name)
}
