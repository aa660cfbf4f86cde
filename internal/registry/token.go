package registry

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
)

// A page token is opaque to clients. Inside, masked by a fixed key: the data
// build, the query it belongs to, the position to go on from, and a check.
// The position is the n-th of the query's order, so a page may have another
// size than the one before.

const tokenLength = 28

var tokenKey = [tokenLength]byte{
	0x65, 0x53, 0xe3, 0xee, 0x8d, 0x84, 0x96, 0xef, 0x28, 0xde, 0x5a, 0x6f, 0x56, 0x93,
	0xab, 0xb5, 0xba, 0xee, 0x9a, 0x93, 0x90, 0x24, 0x9c, 0x6e, 0x65, 0xf7, 0xa5, 0xd0,
}

// token is for a page that starts at position of the query in the build.
func (b *build) token(query string, position int) string {
	raw := b.tokenBytes(query, position)
	for i := range raw {
		raw[i] ^= tokenKey[i]
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// position reads a token; false for one of another build or query, or none at all.
func (b *build) position(query, token string) (int, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenLength {
		return 0, false
	}
	for i := range raw {
		raw[i] ^= tokenKey[i]
	}
	position := int(binary.BigEndian.Uint32(raw[20:]))
	return position, b.tokenBytes(query, position) == [tokenLength]byte(raw)
}

func (b *build) tokenBytes(query string, position int) [tokenLength]byte {
	var raw [tokenLength]byte
	copy(raw[:4], "ref1")
	binary.BigEndian.PutUint64(raw[4:], b.tokens)
	binary.BigEndian.PutUint64(raw[12:], hashOf(query))
	binary.BigEndian.PutUint32(raw[20:], uint32(position))
	binary.BigEndian.PutUint32(raw[24:], uint32(hashOf(string(raw[:24]))))
	return raw
}

// tokenID names a build to its tokens. Two registries with the same studies
// and timestamp accept each other's, as a server that was restarted does.
func (b *build) tokenID() uint64 {
	d := newDice(b.seed^uint64(b.timestamp.Unix()), b.size(), purposeToken+uint64(b.epoch))
	return d.next()
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
