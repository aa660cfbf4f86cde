// Package columnar holds some rows of a table column by column, in slices of
// one type each: what a file of many rows is read into and written from
// without a value of its own for every cell.
//
// It owns the batch and nothing that makes or takes one. It refuses types it
// has no slice for; there is no catch-all.
package columnar
