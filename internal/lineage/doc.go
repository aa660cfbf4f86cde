// Package lineage follows marked columns through a query: which columns of what
// it returns come from which marked columns of what it reads.
//
//	text ── tokens ── selects, their CTEs and subqueries ── outputs
//
// It knows as much SQL as that takes, of every dialect: with, select lists,
// from, set operations, stars with what they leave out. An expression comes from
// every column that it names, whatever it does with it; only a count tells
// nothing, nor does what a row is filtered, joined, grouped or ordered by. What
// is not understood is taken to return all that it reads: the answer may be too
// much, and is too little only where a column is reached by no name at all, as
// in a relation that nobody declared, or in SQL that a function of the database
// makes up.
//
// The package knows no database, no dbt, and not what the marks mean.
package lineage
