// Package conformance runs a public dbt project under real dbt and under
// Apotheca and says where the two differ.
//
// Both run the same commands at the same place, one after the other, each on a
// database of its own that has the same name, so that every path and every
// relation name that either writes down is the other's too:
//
//	<work>/<target>-<adapter>/current     where a side runs
//	<work>/<target>-<adapter>/dbt         what real dbt left
//	<work>/<target>-<adapter>/apotheca    what we left
//
// Compared are exit codes, console lines, manifest.json node by node, compiled
// SQL, run results, sources, catalog, and every table and view of the database:
// columns, types and rows. Every artifact of ours is held against the published
// schema.
//
// A difference is never left out. One that is understood carries a reason, which
// is given in the list of targets beside the project it is about.
//
// The package knows no database: the caller hands it one for each adapter.
package conformance
