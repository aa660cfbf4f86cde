// Package activity writes made-up patients and what they did: the files
// patients.csv, steps.csv and exercises.csv as the pipeline patient-activity
// reads them, of any size and the same for the same seed.
//
// It owns what such files look like: an index column without a header, a
// leap day, times with an offset that has no colon and follows daylight
// saving time, a missing completed_at, and two patients who share the first
// place. Awkward rows are valid but easily read wrongly; invalid rows are
// wrong, and Write reports where they stand.
//
// It refuses to know how the files are read, and to hold anything real: names
// are put together from syllables, countries are real words, and nothing was
// taken from a list of people.
//
// Rows are written as they are made, so 100 million of them need no memory;
// what is kept is one sum a patient, to know by how much the winners win.
package activity
