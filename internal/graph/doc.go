// Package graph orders named steps and runs them in parallel.
//
// It owns three promises: the order is the same on every machine (depth
// first, then id); a cycle is spelled out, `a → b → a`; and a step that fails
// keeps only its own descendants from running. Every skipped step knows the
// failure it was skipped for, and no failure hides another.
//
//	            needs done
//	waiting ────────────────► running ──► succeeded
//	   │                         │
//	   │ a need failed,          └──────► failed
//	   │ or the run was stopped
//	   └────────────────────────────────► skipped (because of a root cause)
//
// The package knows nothing of what a step does, and refuses to retry, to time
// out or to print: a step that wants those does them in its Run.
package graph
