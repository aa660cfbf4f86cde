// Package flatten turns nested records into rows of flat tables by a declared
// mapping: a YAML file that names, for every column, its place in the record
// and its type.
//
// The package owns the mapping: reading it with every mistake named at once
// (ParseSpec), the tables it promises (Spec.Tables), the way back from a
// column to the record (Spec.Lineage), and the rows it makes of a record
// (Flattener). It knows no database and no file: the caller brings the records
// and decides where the rows go.
//
//	mapping ── ParseSpec ── Spec ── Flattener ── Flatten(record) ── Batch
//	                                              │ accepted: rows of the tables
//	                                              └ rejected: a row of quarantine
//
// A record is passed once, from its first byte to its last, by a scanner that
// looks only where the tree of the mapped places tells it to; the elements of
// a mapped list are passed a second time. All of the text must be JSON, also
// where nothing is mapped. Of equal keys in one object the first counts.
//
// # How a record is read
//
//	absent    no such key, or null. An empty object makes no row and an empty
//	          list has no elements.
//	text      a JSON string without NUL characters, which no warehouse but
//	          DuckDB can store
//	integer   a JSON number written without fraction or exponent, 64 bits
//	double    a finite JSON number
//	boolean   true or false
//
// Nothing is converted: the string "5" is no integer and the number 5 is no
// text. Where anything else stands at a mapped place (a string where an object
// belongs, null as an element of a list), the record as a whole goes to the
// table quarantine with the place and what was found there, and no row of it
// goes anywhere else. Keys that the mapping does not name are not looked at.
//
// The package refuses to change values (no trimming, no defaults, no dates
// made of partial dates): that is the models' work, where it can be seen.
package flatten
