// Package build runs the nodes of a dbt project on a warehouse: seeds, models,
// data tests, unit tests and hooks, with the semantics of dbt Core 1.10.
//
// It owns how a relation comes to be (the materializations, each written once
// over warehouse.Dialect), in which order, and what is told of it: results,
// the sample of rows that made a test fail, target/run_results.json and the
// console lines. What a node means it asks package dbt.
//
// A run passes through
//
//	schemas and cache → on-run-start → nodes → on-run-end → artifacts
//
// and each node ends in one status:
//
//	models, seeds, snapshots, hooks   success │ error │ skipped
//	microbatch models                 and partial success, when some batches failed
//	data and unit tests    pass │ warn │ fail │ error │ skipped
//
// What happens on the way is told as an [Event]; [Console] makes of each the
// lines that dbt logs, under dbt's names and with what dbt tells beside them.
//
// Invariants: a node that fails leaves the relation of the run before as it
// was; a skipped node names the failure it was skipped for; every selected node
// has exactly one result, also when the run is stopped. A connection that is
// lost is the failure of one node: the next begins with a new one, and the next
// run drops what this one left. Python models are refused by name, never passed
// over.
//
// A project may define materializations and incremental strategies, and replace
// the macros of dbt's by which a node is built. Each step here has such a
// macro's name, and runs what took its place; the few macros that are not
// asked are refused by file and line (override.go).
//
// What the real dbt leaves in a PostgreSQL database, step by step, is recorded
// in testdata/dbt; the tests hold this package to it, and with -dbt naming the
// program they record it anew.
package build
