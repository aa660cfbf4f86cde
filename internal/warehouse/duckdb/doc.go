// Package duckdb is the embedded warehouse: one file, or memory, in this
// process. It is the only package that links DuckDB.
//
// One process at a time may hold the file. Opening it while another process
// does is an error that names the holder; inside the process any number of
// sessions share it. Nothing is ever fetched: extensions are neither installed
// nor loaded on demand.
package duckdb
