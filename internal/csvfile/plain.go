package csvfile

import (
	"encoding/binary"
	"math/bits"
)

// plain reads a record that has no quotes and nothing wrong, which nearly all
// are. Of any other it gives up, and careful begins it anew.
func (p *Parser) plain(text []byte, i int, b *Block, row int) (next int, ok bool) {
	start := i
	for n := range p.layout.fields {
		if n > 0 {
			if i >= len(text) || text[i] != p.delimiter {
				return 0, false
			}
			i++
		}
		at := &p.layout.fields[n]
		end := i
		switch at.kind {
		case kindInteger:
			if number, after := plainInteger(text, i); after > i {
				b.Columns[at.column].Ints[row] = number
				end = after
			}
		case kindTimestamp:
			if micros, offset, after := p.dates.plainTimestamp(text, i); after > i {
				b.Columns[at.column].Ints[row] = micros
				if at.offset >= 0 {
					b.Columns[at.offset].Ints[row] = offset
				}
				end = after
			}
		default:
			if end, ok = p.plainText(text, i, at, b, row); !ok {
				return 0, false
			}
			i = end
			continue
		}
		if end == i && !p.plainEmpty(text, i, at, b, row) {
			return 0, false
		}
		i = end
	}
	if i == start {
		return 0, false // blank
	}
	if i < len(text) && text[i] == '\r' {
		i++
	}
	if i < len(text) && text[i] != '\n' {
		return 0, false
	}
	return min(i+1, len(text)), true
}

// plainText takes a field up to where it ends, whatever is in it.
func (p *Parser) plainText(text []byte, i int, at *place, b *Block, row int) (next int, ok bool) {
	end := i
	for end < len(text) && text[end] != p.delimiter && text[end] != '\n' && text[end] != '"' {
		end++
	}
	if end < len(text) && text[end] == '"' {
		return 0, false
	}
	next = end
	if end > i && text[end-1] == '\r' && (end == len(text) || text[end] == '\n') {
		end, next = end-1, end-1
	}
	if at.kind == kindIgnored {
		return next, true
	}
	return next, p.set(b, row, at, text[i:end], false) == ""
}

// plainEmpty takes a field with nothing in it, where that is allowed.
func (p *Parser) plainEmpty(text []byte, i int, at *place, b *Block, row int) bool {
	if !at.null || i < len(text) && text[i] != p.delimiter && text[i] != '\n' && text[i] != '\r' {
		return false
	}
	b.Columns[at.column].SetNull(row)
	if at.offset >= 0 {
		b.Columns[at.offset].SetNull(row)
	}
	return true
}

// plainInteger reads up to 18 digits. It gives the place it began at when there
// is anything else, or nothing.
func plainInteger(text []byte, i int) (n int64, next int) {
	start := i
	negative := i < len(text) && text[i] == '-'
	if negative {
		i++
	}
	digits := i
	if len(text)-i >= 8 {
		var count int
		n, count = eightDigits(binary.LittleEndian.Uint64(text[i:]))
		if i += count; count > 0 && count < 8 && !negative {
			return n, i
		}
	}
	for i < len(text) {
		d := text[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
		i++
	}
	if i == digits || i-digits > 18 {
		return 0, start
	}
	if negative {
		n = -n
	}
	return n, i
}

// eightDigits reads the digits at the start of a word, however many: to look
// at them one by one is to guess each time where the last is.
func eightDigits(word uint64) (n int64, count int) {
	word ^= 0x3030303030303030
	count = bits.TrailingZeros64((word|(word+0x7676767676767676))&0x8080808080808080) / 8
	if count == 0 {
		return 0, 0
	}
	word <<= 64 - 8*count
	word = word*10 + word>>8 // each byte and the next
	const pairs = 0x000000ff000000ff
	return int64((word&pairs*(100+1_000_000<<32) + word>>16&pairs*(1+10_000<<32)) >> 32), count
}

// plainTimestamp reads a time with an offset. It gives the place it began at
// when there is none. The offset is in minutes east of UTC.
func (d *dateCache) plainTimestamp(text []byte, start int) (micros, offset int64, next int) {
	if micros, offset, ok := fixedTimestamp(text, start); ok {
		return micros, offset, start + fixedSize
	}
	micros, next = d.clock(text, start)
	if next == start {
		return 0, 0, start
	}
	offset, end := zone(text, next)
	if end == next {
		return 0, 0, start
	}
	return micros - offset*60*microsPerSecond, offset, end
}

const fixedSize = len("2024-02-29T01:00:00.000+0100")

// fixedTimestamp reads the one form that programs write nearly all times in,
// 2024-02-29T01:00:00.000+0100, eight bytes at once. Of any other it says
// nothing: clock and zone read it.
//
// The text is taken apart as words. Exclusive or with what the form has at
// each place leaves the value of a digit, and nothing of what else must stand
// there; then ten times each byte and the next is the number of two digits.
func fixedTimestamp(text []byte, start int) (micros, offset int64, ok bool) {
	if len(text)-start < fixedSize {
		return 0, 0, false
	}
	t := text[start : start+fixedSize]
	date := binary.LittleEndian.Uint64(t) ^ 0x2d30302d30303030                // 0000-00-
	clock := binary.LittleEndian.Uint64(t[8:]) ^ 0x30303a3030543030           // 00T00:00
	rest := binary.LittleEndian.Uint64(t[16:])&(1<<56-1) ^ 0x003030302e30303a // :00.000
	zone := uint64(binary.LittleEndian.Uint32(t[24:])) ^ 0x30303030           // 0000
	if !isDigits(date, 0x7f76767f76767676) || !isDigits(clock, 0x76767f76767f7676) ||
		!isDigits(rest, 0x7f7676767f76767f) || !isDigits(zone, 0x7f7f7f7f76767676) {
		return 0, 0, false
	}
	millis := int64(rest >> 48)
	date, clock, rest, zone = date*10+date>>8, clock*10+clock>>8, rest*10+rest>>8, zone*10+zone>>8
	year, month, day := int(date&0xff*100+date>>16&0xff), int(date>>40&0xff), int(clock&0xff)
	hour, minute, second := int64(clock>>24&0xff), int64(clock>>48&0xff), int64(rest>>8&0xff)
	millis += int64(rest>>32&0xff) * 10
	offset = int64(zone&0xff)*60 + int64(zone>>16&0xff)
	if !isDate(year, month, day) || hour > 23 || minute > 59 || second > 59 || zone>>16&0xff > 59 || offset > offsetMax {
		return 0, 0, false
	}
	switch t[23] {
	case '+':
	case '-':
		offset = -offset
	default:
		return 0, 0, false
	}
	seconds := daysSince1970(year, month, day)*(24*60*60) + (hour*60+minute-offset)*60 + second
	return seconds*microsPerSecond + millis*1000, offset, true
}

// isDigits reports whether each byte is at most 9, or 0, where most has 0x76,
// or 0x7f: it then stays below 0x80 when that is added.
func isDigits(word, most uint64) bool {
	return (word|(word+most))&0x8080808080808080 == 0
}
