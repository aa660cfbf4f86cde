package lake

// idSet is a set of NCT numbers. There are at most 10^8 of them, so that a bit
// each costs a few megabytes however many studies the registry comes to hold.
type idSet struct {
	chunks [1000]*[idChunk / 64]uint64
	len    int
}

const idChunk = 100_032 // of 100,000 ids, rounded up to whole words

// add reports whether id was not in the set before.
func (s *idSet) add(id uint32) bool {
	word, bit := s.word(id)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	s.len++
	return true
}

func (s *idSet) has(id uint32) bool {
	chunk := s.chunks[id/100_000]
	return chunk != nil && chunk[id%100_000/64]&(1<<(id%100_000%64)) != 0
}

func (s *idSet) word(id uint32) (*uint64, uint64) {
	chunk := s.chunks[id/100_000]
	if chunk == nil {
		chunk = new([idChunk / 64]uint64)
		s.chunks[id/100_000] = chunk
	}
	return &chunk[id%100_000/64], 1 << (id % 100_000 % 64)
}

// nctNumber reads the eight digits of an NCT id.
func nctNumber(id string) (number uint32, ok bool) {
	if len(id) != 11 || id[:3] != "NCT" {
		return 0, false
	}
	for _, digit := range []byte(id[3:]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		number = number*10 + uint32(digit-'0')
	}
	return number, true
}
