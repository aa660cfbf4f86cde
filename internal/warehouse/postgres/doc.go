// Package postgres is a PostgreSQL server as a warehouse. It is the only
// package that links its driver.
//
// It speaks the protocol itself instead of going through database/sql: text
// of several statements goes to the server as it stands, results arrive as the
// server prints them, and rows are loaded by binary COPY.
//
// What Options leave out is taken as every PostgreSQL program takes it: from
// the PG* variables, the password file and the service file. A password is in
// no error.
package postgres
