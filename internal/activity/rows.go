package activity

import "context"

// winners is the number of patients who share the first place.
const winners = 2

// winner is the n-th of them: both have habits of both kinds, and live in
// different countries.
func winner(n int) int { return 2 + 4*n }

// numbering gives out the ids of a file in order.
type numbering struct {
	given, last int
}

func (n *numbering) next() int64 {
	n.given++
	return int64(n.given)
}

func (s *sample) writeSteps(ctx context.Context, ids numbering) error {
	for ids.given < ids.last {
		if ids.given%checkEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := s.anyone(onlyExercises)
		submitted := s.anyInstant()
		s.writeStep(ids.next(), p, s.dice.Int64N(14_000), submitted, s.later(submitted))
	}
	return s.steps.err
}

func (s *sample) writeExercises(ctx context.Context, ids numbering) error {
	for ids.given < ids.last {
		if ids.given%checkEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := s.anyone(onlySteps)
		completed := s.anyInstant()
		updated := s.later(completed)
		if s.dice.IntN(20) == 0 {
			completed = notCompleted
		}
		s.writeExercise(ids.next(), p, s.dice.Int64N(90), completed, updated)
	}
	return s.exercises.err
}

// writeWinners gives two patients the same sum, and more than anybody else
// has: by whole minutes of exercise, and by steps for what is left of one.
// A step is two thousandths of a minute, so every gap can be closed.
func (s *sample) writeWinners() {
	var most int64
	for _, sum := range s.thousandths {
		most = max(most, sum)
	}
	goal := most + 60_358
	for n := range winners {
		p := winner(n)
		gap := goal - s.thousandths[p]
		at := s.anyInstant()
		s.writeStep(int64(s.StepRows-n), p, gap%1000/stepThousandths, at, s.later(at))
		s.writeExercise(int64(s.ExerciseRows-n), p, gap/1000, at, s.later(at))
	}
}

// stepThousandths is what a step is worth, in thousandths of a minute.
const stepThousandths = 2

// writeStep writes a row that counts.
func (s *sample) writeStep(id int64, patient int, steps, submitted, updated int64) {
	s.thousandths[patient] += steps * stepThousandths
	s.writeRow(s.steps, id, patient, steps, submitted, updated)
}

// writeExercise writes a row that counts.
func (s *sample) writeExercise(id int64, patient int, minutes, completed, updated int64) {
	s.thousandths[patient] += minutes * 1000
	s.writeRow(s.exercises, id, patient, minutes, completed, updated)
}

// notCompleted is the time of an exercise without completed_at.
const notCompleted = -1

// writeRow writes a row; times are milliseconds since 1970.
func (s *sample) writeRow(f *file, id int64, patient int, amount, happened, updated int64) {
	zone := s.calendar.zone(patient)
	f.integer(id)
	f.integer(patientID(patient))
	f.integer(amount)
	if happened != notCompleted {
		f.text = s.calendar.appendTime(f.text, happened, zone.offset(happened/1000))
	}
	f.comma()
	f.text = s.calendar.appendTime(f.text, updated, zone.offset(updated/1000))
	f.endRow()
}

// anyone is a patient who does more than the given kind.
func (s *sample) anyone(but habit) int {
	for {
		p := s.dice.IntN(s.Patients)
		if h := habitOf(p); h != none && h != but {
			return p
		}
	}
}

// anyInstant is a moment of the year: a full second but for one row in 16.
func (s *sample) anyInstant() int64 {
	dice := s.dice.Uint64()
	millis := (firstSec + int64(dice>>32)*yearDays*daySeconds>>32) * 1000
	if dice&15 == 0 {
		millis += int64(dice >> 4 & 511)
	}
	return millis
}

// later is a moment within the two days that follow.
func (s *sample) later(instant int64) int64 {
	return instant + s.dice.Int64N(2*daySeconds)*1000
}
