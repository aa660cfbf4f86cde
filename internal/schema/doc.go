// Package schema is the vocabulary in which the other packages speak of
// tables: names, columns and logical types.
//
// A logical type says what a value means, not how a database stores it; every
// warehouse dialect maps it to a type of its own. The package holds no SQL, no
// values and no behaviour beyond reading and checking its own names.
package schema
