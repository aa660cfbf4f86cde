// Package pipeline runs the stages end to end and keeps the record of what
// happened.
//
//	extract → compact → load → build → certificate
//
// Where the data come from is a Source: *Registry, read page by page, or
// *Files, which need no compacting. All else is the same for both.
//
// Every stage can be run again from what lies left of it. A run leaves one
// record, state/runs/<run id>.json, written whole at every change of state:
//
//	running ──► success       every stage succeeded and the certificate balances
//	        ├─► failure       a stage failed, a test failed, or a line does not balance
//	        └─► interrupted   the user stopped it, or its process is gone
//
// Beside it is logs/<run id>.log, locked while the process lives: that tells a
// run under way from one whose process is gone.
//
// From its first stage that needs the warehouse to its end, a run has the
// warehouse for itself: what it loads is what it builds on and certifies.
//
// What a run is worth is read from its record, never from the absence of an
// error. The package knows no command line, no environment and no driver: the
// warehouse is opened by a function it is given.
package pipeline
