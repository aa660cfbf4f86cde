// Package jinja is the template language: it parses templates and renders them
// as Python's jinja2 does, with the extensions `do` and `loopcontrols` and the
// block tags of dbt (test, data_test, materialization, snapshot, docs).
//
// It owns the syntax, the values a template can hold and their Python methods,
// and the built-in filters, tests and functions. It knows no SQL, no files and
// no project: names come from the host through State.Globals, and things of the
// host take part in templates by the small interfaces of value.go.
//
// What it refuses: include, import, extends and block (dbt has none of them);
// templates that run longer, grow larger or nest deeper than State.Limits, and
// integers of more than some 20,000 digits.
//
// A text passes through three shapes:
//
//	source --lex--> tokens --parse--> Template --Render(State)--> text
//	                                     |
//	                                     +--Macro(Block)--> Macro --Call(State)--> value
//
// A Template, its Blocks and the Macros bound from it never change after Parse
// and may be used by any number of goroutines. A State is one render and belongs
// to one goroutine.
//
// Names that a template assigns are resolved to slots while parsing (scope.go);
// everything else is asked from the host when it is read.
package jinja
