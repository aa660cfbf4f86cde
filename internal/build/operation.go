package build

import (
	"context"
	"fmt"
	"io"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// Operation calls a macro by itself, as run-operation does, with arguments by
// name. What the macro did is committed when it succeeds.
func Operation(ctx context.Context, o Options, macro string, named *jinja.Dict) (*Results, error) {
	o.Command, o.Threads = RunOperation, 1
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	found, ok := o.Project.FindMacro(macro)
	if !ok {
		return nil, fmt.Errorf("dbt could not find a macro with the name %q in any package", macro)
	}
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	result := &Result{
		UniqueID: found.UniqueID, Rows: -1, Status: Success, Thread: s.name, Started: r.Now(), Failures: new(int64),
		Node: &dbt.Node{UniqueID: found.UniqueID, Name: found.Name, ResourceType: dbt.Operation, PackageName: found.PackageName, OriginalFilePath: found.OriginalFilePath},
	}
	err = s.transact(ctx, func(ctx context.Context) error {
		_, err := r.Project.CallNamed(ctx, dbt.Running{Adapter: adapter{r, s}}, macro, nil, named)
		return err
	})
	if err != nil {
		r.fail(s, result, err)
		*result.Failures = 1
	}
	result.Compiled, result.Finished = result.Started, r.Now()
	r.done = append(r.done, result)
	results := r.results(ctx)
	return results, r.writeWhole("run_results.json", func(w io.Writer) error { return encode(w, r.runResults(results)) })
}
