// Package jinja is the template language: it parses and renders, and knows no
// SQL and no dbt.
//
// A Template is parsed once and never changes; a State is one render and
// belongs to one goroutine. The host gives names (State.Globals), decides what
// a missing name does (State.Undefined) and hands in its own things by small
// interfaces (Object, Itemer, Callable, Iterable, Mapping, Hasher, Stringer).
package jinja
