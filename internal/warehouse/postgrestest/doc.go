// Package postgrestest starts real PostgreSQL servers for tests: throw-away
// ones, each in a temporary folder, listening on a socket there and under an
// unprivileged user also when the tests run as root. They end with the test
// binary, however it ends.
//
// The programs are those of the machine; where there are none the test fails
// and says how to install them, because a warehouse that is not tested is not
// known to work.
package postgrestest
