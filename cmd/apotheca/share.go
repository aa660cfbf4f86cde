package main

import (
	"context"
	"fmt"
	"os"

	"apotheca/internal/build"
	"apotheca/internal/warehouse"
)

// shareWarehouse keeps a pipeline's run out of the schema for as long as a dbt
// command writes there, and the command out while such a run does. Commands
// do not keep each other out: schedulers start one for each model.
func shareWarehouse(ctx context.Context, w warehouse.Warehouse, command build.Command, schema string) (leave func() error, err error) {
	locker, ok := w.(warehouse.Locker)
	if !ok || command == build.Compile {
		return func() error { return nil }, nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine"
	}
	lock, err := locker.Lock(ctx, warehouse.Shared, fmt.Sprintf("apotheca dbt %s, pid %d on %s", command, os.Getpid(), host), schema)
	if err != nil {
		return nil, err
	}
	return lock.Release, nil
}
