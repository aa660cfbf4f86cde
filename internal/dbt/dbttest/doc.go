// Package dbttest makes dbt projects up for benchmarks: the same number of
// models always gives the same files, and both dbt and this runner can build
// them.
//
// It knows dbt's file formats and nothing of this repository.
package dbttest
