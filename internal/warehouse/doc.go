// Package warehouse is the contract with a database: how to run SQL, read a
// result, load rows in bulk and work inside a transaction, and, as data, in
// which words the databases differ.
//
// Each database is one driver package below this one, with the same three
// files: driver.go (connections), load.go (the bulk path) and dialect.go (the
// differences). A driver that passes warehousetest is complete: materializations,
// tests and loads are written once, against Conn and Dialect.
//
// The package refuses to hide a database behind an object model. SQL is given
// as text and executed as given, never split or rewritten; identifiers are
// quoted by Dialect.Quote and nowhere else; values are bound.
package warehouse
