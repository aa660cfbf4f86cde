// Package source reads a registry page by page.
//
// It owns the conversation with the registry: what is asked, how fast, how
// often again, and what an answer must look like. It keeps nothing: where a
// reading stands is the caller's business, and a page is asked for by the
// cursor the page before it gave.
//
// Abilities are added by wrapping. The order is Retry(Pace(client)), so that
// a repeated request waits for its place in the window like any other:
//
//	Retry ──► Pace ──► CTGov ──► the registry
//	  ▲          │        │
//	  └──────────┴────────┴── *Error: what kind, what status, what to type
//
// It refuses to repair an answer. A body that is not of the promised shape is
// an *Error of KindMalformed; a single record that is no study passes through
// untouched, since it is the lake that tells records apart.
package source
