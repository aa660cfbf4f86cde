// Package dbt reads a dbt project: its files, its profile, its packages. It
// resolves configs, refs and sources, selects nodes and compiles them to SQL
// with the semantics of dbt Core 1.10.
//
// It owns everything that can be known without a database, and the templates'
// view of a database through [Adapter], which the caller implements. It opens
// no connection, runs no node and writes no file: that is package build's.
//
// A project passes through three states:
//
//	files ──Load──► Project ──Select──► ids in build order
//	                   │
//	                   └──Compile(node, adapter)──► Compiled
//
// Load renders every template once with execute false, as dbt's parser does,
// only to learn what it depends on and how it is configured. Compile renders
// one node again with execute true. A Project does not change after Load, so
// that nodes may be compiled concurrently.
//
// Whatever is not supported is an error that names the feature, the file and
// the line; nothing is skipped in silence.
package dbt
