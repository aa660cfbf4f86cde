// Package registry is the sample registry: a stand-in for ClinicalTrials.gov
// API v2 that serves made-up studies, or the real ones of a file, and
// misbehaves on a schedule when asked to.
package registry
