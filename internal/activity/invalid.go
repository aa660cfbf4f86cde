package activity

import "strconv"

// writeInvalid writes rows that no reader should take: every fault in every
// file that can have it.
func (s *sample) writeInvalid() {
	s.writeInvalidPatients()
	s.writeInvalidRows(s.steps, StepsFile, "STEPS", "SUBMISSION_TIME", s.StepRows)
	s.writeInvalidRows(s.exercises, ExercisesFile, "MINUTES", "COMPLETED_AT", s.ExerciseRows)
}

// writeInvalidPatients writes names where none should be read: in the place of
// an id, and behind a comma that nobody quoted.
func (s *sample) writeInvalidPatients() {
	known, unknown := strconv.FormatInt(patientID(0), 10), strconv.FormatInt(patientID(s.Patients), 10)
	for _, row := range []struct {
		text   string
		column string
		fault  Fault
	}{
		{",Kesimora Valdrun,Kesimora,Valdrun,Germany", "PATIENT_ID", BadNumber},
		{",,Tirsabel,Ormendo,Nepal", "PATIENT_ID", BadNumber},
		{"," + unknown + ",Gestrimo,Lundavar, Jr.,India", "", FieldCount},
		{unknown + ",Fadrusil,Benvostra,Portugal", "", FieldCount},
		{"," + known + ",Holmasti,Drevunes,Brazil", "PATIENT_ID", DuplicateID},
	} {
		s.patients.line(row.text)
		s.report(PatientsFile, s.patients, row.column, row.fault)
	}
}

// writeInvalidRows writes what is wrong with an activity, under ids that
// follow those of the valid rows.
func (s *sample) writeInvalidRows(f *file, name, amount, time string, rows int) {
	const at = "2024-02-29T01:00:00.000+0100"
	patient := strconv.FormatInt(patientID(winner(0)), 10)
	id := int64(rows)
	for _, row := range []struct {
		text   string
		column string
		fault  Fault
	}{
		{patient + ",many," + at + "," + at, amount, BadNumber},
		{patient + ",17.5," + at + "," + at, amount, BadNumber},
		{patient + ",9223372036854775808," + at + "," + at, amount, BadNumber},
		{"Kesimora,17," + at + "," + at, "EXTERNAL_ID", BadNumber},
		{patient + ",17,2023-02-29T01:00:00.000+0100," + at, time, BadTime},
		{patient + ",17," + at + ",yesterday", "UPDATED_AT", BadTime},
		{patient + ",17," + at + ",", "UPDATED_AT", BadTime},
		{patient + ",17," + at, "", FieldCount},
		{patient + ",17," + at + "," + at + ",Valdrun", "", FieldCount},
		{strconv.FormatInt(patientID(s.Patients), 10) + ",17," + at + "," + at, "EXTERNAL_ID", UnknownPatient},
	} {
		id++
		f.integer(id)
		f.line(row.text)
		s.report(name, f, row.column, row.fault)
	}

	// Of two rows with one id and one updated_at, none is the newer one.
	id++
	for _, count := range []string{"0", "1"} {
		f.integer(id)
		f.line(patient + "," + count + "," + at + "," + at)
	}
	s.report(name, f, "ID", DuplicateID)
}

// report notes the row that was written last.
func (s *sample) report(name string, f *file, column string, fault Fault) {
	s.invalid = append(s.invalid, Invalid{File: name, Line: f.lines, Column: column, Fault: fault})
}
