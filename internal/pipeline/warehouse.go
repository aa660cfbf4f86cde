package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// enterWarehouse opens the warehouse, which then belongs to this run until it
// ends: what it loads must be what it builds on and certifies. Somebody who
// writes there already is named.
func (r *run) enterWarehouse(ctx context.Context, project *dbt.Project) error {
	if r.warehouse != nil {
		return nil
	}
	w, err := r.Open(ctx, project.Target)
	if err != nil {
		return err
	}
	r.warehouse = w
	if locker, ok := w.(warehouse.Locker); ok {
		r.lock, err = locker.Lock(ctx, warehouse.Exclusive, r.holder(), r.schemas(project)...)
	}
	return err
}

// schemas are those that a run writes its rows into.
func (r *run) schemas(project *dbt.Project) []string {
	schemas := []string{r.Source.SchemaName(), project.Target.Schema}
	for _, n := range sortedModels(project) {
		if !slices.Contains(schemas, n.Schema) {
			schemas = append(schemas, n.Schema)
		}
	}
	return schemas
}

// holder names this run to others, in few words: databases cut names.
func (r *run) holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine"
	}
	return fmt.Sprintf("apotheca %s, pid %d on %s", r.record.RunID, r.record.PID, host)
}

// stillOurs is asked before anything is made visible.
func stillOurs(ctx context.Context, lock warehouse.Lock) error {
	if lock == nil {
		return nil
	}
	return lock.Held(ctx)
}

func (r *run) leaveWarehouse() error {
	var err error
	if r.lock != nil {
		err = r.lock.Release()
	}
	if r.warehouse != nil {
		err = errors.Join(err, r.warehouse.Close())
	}
	return err
}
