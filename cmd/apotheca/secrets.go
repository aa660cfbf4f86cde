package main

import (
	"io"
	"strings"

	"apotheca/internal/dbt"
)

// hideSecrets masks the values of secret variables in all that the command
// prints from here on: lines of a run, logs of templates, errors.
func (a *app) hideSecrets() {
	var secrets []string
	for _, variable := range a.environ() {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, dbt.SecretPrefix) {
			secrets = append(secrets, value)
		}
	}
	if len(secrets) == 0 {
		return
	}
	mask := dbt.Mask(secrets)
	a.stdout = maskedWriter{a.stdout, mask}
	a.stderr = maskedWriter{a.stderr, mask}
}

// maskedWriter expects whole lines: a secret cut in two would pass.
type maskedWriter struct {
	out  io.Writer
	mask *strings.Replacer
}

func (w maskedWriter) Write(p []byte) (int, error) {
	if _, err := w.mask.WriteString(w.out, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
