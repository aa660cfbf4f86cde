package registry

import "sync"

// maxGenerated is how many studies the generator has distinct identities for,
// aliases left aside.
const maxGenerated = 3_000_000

// What dice are thrown for. Each purpose has its own stream, so the header can
// be made without the body and the two agree.
const (
	purposeHeader uint64 = iota + 1
	purposeBody
	purposeEdit
	purposeToken
	purposePlace
	purposeIdentity
)

// Identities are the numbers 1..idModulus in an order that looks random and
// can be computed in both directions: idModulus is prime, and idInverse undoes
// idFactor. Studies take the sequence from its start, aliases from its end.
const (
	idModulus = 7_599_971
	idFactor  = 4_815_162
)

// generator makes up studies. Any study is computed from the seed and its
// slot alone: nothing is kept.
type generator struct {
	seed   uint64
	offset int // slot 0 is this study of the sequence
	count  int
	idBase int // added to every identity

	authors sync.Pool // their scratch memory, nothing else, outlives a study
}

func (g *generator) size() int { return g.count }

func (g *generator) idOf(sequence int) nct {
	return nct(g.idBase + 1 + (sequence*idFactor+g.shift())%idModulus)
}

// shift makes the identities of different seeds differ.
func (g *generator) shift() int {
	d := newDice(g.seed, 0, purposeIdentity)
	return int(d.next() % idModulus)
}

func (g *generator) find(id nct) (int, bool) {
	n := int(id) - g.idBase - 1
	if n < 0 || n >= idModulus {
		return 0, false
	}
	sequence := (n - g.shift() + idModulus) % idModulus * inverse(idFactor, idModulus) % idModulus
	if sequence > idModulus/2 {
		sequence = idModulus - 1 - sequence // an alias, if its study has one
	}
	slot := sequence - g.offset
	if slot < 0 || (g.count > 0 && slot >= g.count) {
		return 0, false
	}
	h := g.header(slot)
	for _, alias := range h.aliases {
		if alias == id {
			return slot, true
		}
	}
	return slot, h.id == id
}

// inverse of a modulo the prime m, by Fermat.
func inverse(a, m int) int {
	result := 1
	for base, power := a%m, m-2; power > 0; power >>= 1 {
		if power&1 == 1 {
			result = result * base % m
		}
		base = base * base % m
	}
	return result
}

func (g *generator) header(slot int) header { return g.plan(slot).header }
