// Package projects holds the dbt projects that are built into the program.
package projects

import "embed"

// ClinicalTrials is the dbt project of the pipeline clinical-trials, rooted at
// `clinical_trials`; flatten.yml, the mapping its sources are loaded by, lies
// beside it.
//
// The folders are named one by one so that what a run leaves behind in the
// project (target, logs) is not built in; the `all:` prefix keeps the names
// that begin with `_`, which embedding a folder would drop without a word.
//
//go:embed clinical_trials/*.yml clinical_trials/README.md clinical_trials/.gitignore
//go:embed all:clinical_trials/macros all:clinical_trials/models
//go:embed all:clinical_trials/seeds all:clinical_trials/tests
var ClinicalTrials embed.FS

// PatientActivity is the dbt project of the pipeline patient-activity, rooted
// at `patient_activity`; pipeline.yml, which declares the files it reads, lies
// beside it.
//
//go:embed patient_activity/*.yml patient_activity/README.md patient_activity/.gitignore
//go:embed all:patient_activity/macros all:patient_activity/models
//go:embed all:patient_activity/tests
var PatientActivity embed.FS
