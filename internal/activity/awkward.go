package activity

import "time"

// writeAwkward writes rows that are valid and easily read wrongly. The patient
// is one of those who share the first place, so that reading one wrongly
// changes the answer.
func (s *sample) writeAwkward(steps, exercises *numbering) {
	p := winner(0)
	at := firstSec * 1000

	// The same row twice: the newest counts, wherever in the file it stands.
	id := steps.next()
	s.writeRow(s.steps, id, p, 9_000, at, at+1_000)
	s.writeStep(id, p, 4_001, at, at+1_001)
	id = steps.next()
	s.writeStep(id, p, 7_503, at, at+3_600_000)
	s.writeRow(s.steps, id, p, 1, at, at)
	id = exercises.next()
	s.writeExercise(id, p, 30, at, at+2*daySeconds*1000)
	s.writeRow(s.exercises, id, p, 45, notCompleted, at+daySeconds*1000)
	// They take a row each of what was asked for.
	steps.last -= 2
	exercises.last--

	// Around the changes of the clock a day has 23 or 25 hours, and one time
	// of day comes twice.
	for _, instant := range []time.Time{
		time.Date(2024, time.March, 31, 0, 59, 59, 999e6, time.UTC),
		time.Date(2024, time.March, 31, 1, 0, 0, 0, time.UTC),
		time.Date(2024, time.October, 27, 0, 30, 0, 0, time.UTC),
		time.Date(2024, time.October, 27, 1, 30, 0, 0, time.UTC),
	} {
		s.writeStep(steps.next(), 0, 503, instant.UnixMilli(), instant.UnixMilli())
	}

	// The first moment of the year is the last day of 2023 in Brazil, and an
	// exercise of no minutes is one.
	s.writeStep(steps.next(), 5, 1, at, at)
	s.writeExercise(exercises.next(), p, 0, notCompleted, at)
}
