package registry

// dice are the generator's random numbers (splitmix64). They are a value
// seeded per study and purpose, so that any study can be made alone, in any
// order, on any goroutine, and is always the same study.
type dice struct{ state uint64 }

// newDice are the dice of one study for one purpose: what one purpose draws
// never shifts what another gets.
func newDice(seed uint64, study int, purpose uint64) dice {
	d := dice{state: seed}
	d.state ^= d.next() + uint64(study)*0x9e3779b97f4a7c15
	d.state ^= d.next() + purpose*0xd1342543de82ef95
	return d
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// below is in [0, n).
func (d *dice) below(n int) int {
	return int((d.next() >> 32) * uint64(n) >> 32)
}

// between is in [low, high].
func (d *dice) between(low, high int) int { return low + d.below(high-low+1) }

// chance is true for so many of a thousand.
func (d *dice) chance(perMille int) bool { return d.below(1000) < perMille }

// pick is one of the words.
func (d *dice) pick(words []string) string { return words[d.below(len(words))] }

// band draws from a measured distribution: steps[k] holds the share (per
// mille, cumulated) up to which a value lies in [low, high].
func (d *dice) band(steps []step) int {
	roll := d.below(1000)
	for _, s := range steps {
		if roll < s.upTo {
			return d.between(s.low, s.high)
		}
	}
	last := steps[len(steps)-1]
	return d.between(last.low, last.high)
}

type step struct{ upTo, low, high int }
