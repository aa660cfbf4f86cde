package dbt

import (
	"bytes"
	"io"
	"strings"
)

// MaskTo is w without the secrets that the profile used, wherever a text is cut
// into writes. It must be closed; w stays open.
func (p *Project) MaskTo(w io.Writer) io.WriteCloser {
	p.secretsLock.Lock()
	defer p.secretsLock.Unlock()
	return &maskingWriter{out: w, secrets: maskedForms(p.secrets), mask: Mask(p.secrets)}
}

// maskingWriter hands on what it was given in large pieces, none of which ends
// inside a secret.
type maskingWriter struct {
	out     io.Writer
	secrets []string
	mask    *strings.Replacer
	pending bytes.Buffer
}

const maskedPiece = 1 << 20

func (m *maskingWriter) Write(b []byte) (int, error) {
	if len(m.secrets) == 0 {
		return m.out.Write(b)
	}
	m.pending.Write(b)
	if m.pending.Len() < maskedPiece {
		return len(b), nil
	}
	return len(b), m.flush(m.cut())
}

// cut is the last place of what is pending before which every secret ends.
func (m *maskingWriter) cut() int {
	text := m.pending.Bytes()
	cut := len(text)
	for moved := true; moved; {
		moved = false
		for _, secret := range m.secrets {
			// One that is whole is cut around, one that may still grow is kept.
			for start := max(0, cut-len(secret)+1); start < cut; start++ {
				rest := text[start:min(len(text), start+len(secret))]
				if strings.HasPrefix(secret, string(rest)) {
					cut, moved = start, true
					break
				}
			}
		}
	}
	return cut
}

func (m *maskingWriter) flush(n int) error {
	_, err := m.mask.WriteString(m.out, string(m.pending.Next(n)))
	return err
}

// Close hands on the rest.
func (m *maskingWriter) Close() error { return m.flush(m.pending.Len()) }
