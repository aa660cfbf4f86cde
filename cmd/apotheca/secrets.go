package main

import (
	"io"
	"strings"
	"sync"

	"apotheca/internal/dbt"
)

// hideSecrets masks the values of secret variables in all that the command
// prints from here on: lines of a run, logs of templates, errors.
func (a *app) hideSecrets() {
	a.mask = &mask{}
	a.stdout = maskedWriter{a.stdout, a.mask}
	a.stderr = maskedWriter{a.stderr, a.mask}
	var secrets []string
	for _, variable := range a.environ() {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, dbt.SecretPrefix) {
			secrets = append(secrets, value)
		}
	}
	a.hide(secrets)
}

// hide masks more secrets, such as the passwords of a target that was read.
func (a *app) hide(secrets []string) { a.mask.add(secrets) }

// mask replaces what is not to be seen. It grows while it is used.
type mask struct {
	mu       sync.Mutex
	secrets  []string
	replacer *strings.Replacer
}

func (m *mask) add(secrets []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, secrets...)
	m.replacer = dbt.Mask(m.secrets)
}

// Replace is text without the secrets.
func (m *mask) Replace(text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.replacer.Replace(text)
}

// maskedWriter expects whole lines: a secret cut in two would pass.
type maskedWriter struct {
	out  io.Writer
	mask *mask
}

func (w maskedWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.out, w.mask.Replace(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
