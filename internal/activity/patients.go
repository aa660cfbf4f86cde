package activity

import (
	"context"
	"strconv"
	"strings"
)

// checkEvery is the number of rows between two looks at the context.
const checkEvery = 1 << 16

// habit is what a patient does. It stands at fixed places of every ten
// patients, so that the smallest sample has each.
type habit int

const (
	both habit = iota
	none
	onlySteps
	onlyExercises
)

func habitOf(patient int) habit {
	switch patient % 10 {
	case 4:
		return none
	case 5:
		return onlySteps
	case 8:
		return onlyExercises
	}
	return both
}

// patientID is the id of the n-th patient: ids neither begin at 1 nor follow
// each other.
func patientID(patient int) int64 { return 100_003 + 37*int64(patient) }

func (s *sample) writePatients(ctx context.Context) error {
	s.patients.line(",PATIENT_ID,first_name,last_name,country")
	for p := range s.Patients {
		if p%checkEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		first, last := madeUp(s.dice.Uint64(), 2), madeUp(s.dice.Uint64(), 3)
		if s.Awkward && p < len(awkwardNames()) {
			name := awkwardNames()[p]
			first, last = name[0], name[1]
		}
		s.writePatient(p, strconv.FormatInt(patientID(p), 10), first, last, s.calendar.zone(p).country)
	}
	return nil
}

func (s *sample) writePatient(index int, id, first, last, country string) {
	s.patients.integer(int64(index))
	s.patients.line(id + "," + quoted(first) + "," + quoted(last) + "," + quoted(country))
	s.patients.lines += strings.Count(first+last, "\n")
}

// quoted is a field as a CSV file has it.
func quoted(field string) string {
	if !strings.ContainsAny(field, ",\"\r\n") {
		return field
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}

// madeUp puts a name together from syllables.
func madeUp(dice uint64, syllables int) string {
	onsets := []string{"b", "br", "d", "dr", "f", "g", "h", "k", "l", "m", "n", "r", "s", "st", "t", "v"}
	rimes := []string{"a", "e", "i", "o", "u", "al", "en", "ir", "on", "ul", "ë", "ø", "ar", "el", "im", "os"}
	var name strings.Builder
	for range syllables {
		name.WriteString(onsets[dice%16])
		name.WriteString(rimes[dice/16%16])
		dice /= 256
	}
	text := name.String()
	return strings.ToUpper(text[:1]) + text[1:]
}

// awkwardNames are the names of the first patients of a sample with awkward
// rows: made up like the others, but for the marks in them.
func awkwardNames() [][2]string {
	return [][2]string{
		{"Belira", "Storvan, the Younger"},
		{`Tomel "Kestrel"`, "Drosul"},
		{"Łusëra", "Åsdrøm"},
		{"Karivo\nLumen", "Hestal"},
		{"Ni'vara", "Del-Brunos"},
		{"美露", "岸森"},
		{"Gavino ", " Restul"},
		{"Null", "Nan"},
		{"Σolira", "Ωvenat"},
		{"=1+2", "@Marduso"},
	}
}
