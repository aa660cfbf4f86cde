// Package duckdb is the embedded warehouse: one file, or memory, in this
// process. It is the only package that links DuckDB.
//
// One process at a time may hold the file. Opening it while another process
// does is an error that names the holder; inside the process any number of
// sessions share it. Nothing is fetched by itself: extensions are neither
// installed nor loaded on demand, unless the options name extensions, secrets or
// other databases.
//
// A file is attached to an empty database in memory, which every session
// leaves for it at once: only so can the size of row groups be chosen. Its
// catalog is named as DuckDB names it for everybody else.
package duckdb
