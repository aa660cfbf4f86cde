// Package csvfile reads CSV files by a declaration of their columns: RFC 4180
// with any delimiter, plain or compressed by gzip or zstd, of any size.
//
//	bytes ─ File.Next ─ chunks of whole records ─ Parser.Parse, some at once ─ blocks
//
// A chunk begins and ends between two records, so that chunks can be read side
// by side. A block is what a chunk held: the values, column by column, the line
// of each row, and the rows that do not read, with line, column and reason.
//
// Types are declared and checked; nothing is guessed and nothing converted.
//
//	integer    digits with or without a sign, 64 bits
//	double     a finite number
//	decimal    digits, at most as many as declared; no rounding
//	boolean    true, false, t, f, yes, no, y, n, 1, 0 in any case
//	date       2024-02-29
//	timestamp  2024-02-29T01:00:00.000+0100: T or a blank, seconds with up to
//	           nine places (six are kept), Z or an offset with or without colon
//	text       any valid UTF-8 without NUL characters
//
// An empty field is no value; a quoted empty field is an empty text. Blank
// lines are no rows.
//
// The package knows nothing of where rows go. It never says a value of a table
// that has personal data in any column, or is silent: fields slip from one
// column to another, and columns from one file to another.
package csvfile
