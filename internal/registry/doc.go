// Package registry is the sample registry: a stand-in for ClinicalTrials.gov
// API v2, as an http.Handler, that serves made-up studies or the real ones of
// a file, and misbehaves on a schedule when asked to.
//
// It owns what the registry promises and what it is known to do:
//
//	GET /studies          pages, tokens, counts, filters, order, fields
//	GET /studies/{nctId}  one study; 404 when unknown, 301 for an alias
//	GET /version          apiVersion and dataTimestamp
//	GET /stats/size       sizes, measured on a sample
//
// under /api/v2 and under / alike. Errors are text/plain. Absent fields are
// left out; a study stands on a line of its own; the token comes behind the
// studies and is missing on the last page.
//
// It refuses what it cannot do faithfully instead of answering something:
// formats but JSON, search expressions beyond AREA[Field]RANGE[from,to] and
// AREA[Field]value joined by AND, and the parameters of relevance search get
// a 400 that says so. It never talks to the real registry.
//
// # Data builds
//
// All studies belong to a data build, which is immutable and has a timestamp.
// Rebuild puts the next one in its place:
//
//	build 0 ── Rebuild ──► build 1 ── Rebuild ──► build 2 …
//	   ▲                      ▲
//	 tokens given out by build 0 are stale (400) from here on
//
// A generated study is computed from the seed and its number alone, so
// 600,000 of them need no memory; a file is indexed and read by offset. What
// a rebuild changed, removed and added is kept as an overlay, and versionHolder
// is stamped with the date of the build. The studies of a file are served byte
// for byte until the first rebuild.
//
// # What is made up
//
// Everything. Shapes and rates follow what was measured on the real registry
// (bytes and lists per study, date precision, absent fields); rarities stand
// at fixed places of every thousand studies, see rarity. Conditions and
// countries are real words; people, organisations, towns and drugs are not.
//
// # Faults
//
// A fault breaks the n-th answer, a run of answers, each n-th or all of them;
// FaultHelp is the grammar and the table of kinds. Faults of several kinds may
// meet in one answer. Those that need a page token to make sense wait for a
// request that brings one.
package registry
