// Package projects holds the dbt projects that are built into the program.
package projects

import "embed"

// ClinicalTrials is the dbt project of the pipeline clinical-trials, rooted at
// `clinical_trials`; flatten.yml, the mapping its sources are loaded by, lies
// beside it.
//
// The `all:` prefix keeps the names that begin with `_`, which embedding a
// folder would drop without a word.
//
//go:embed all:clinical_trials
var ClinicalTrials embed.FS
