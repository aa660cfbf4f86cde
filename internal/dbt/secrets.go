package dbt

import (
	"slices"
	"strings"
)

// SecretPrefix begins the names of the environment variables that only
// profiles.yml and packages.yml may read.
const SecretPrefix = "DBT_ENV_SECRET_"

// MetadataPrefix begins the names of the environment variables that artifacts
// show.
const MetadataPrefix = "DBT_ENV_CUSTOM_ENV_"

// Mask replaces secrets by asterisks: as they are, as SQL quotes them, and
// either in JSON.
func Mask(secrets []string) *strings.Replacer {
	var pairs []string
	for _, form := range maskedForms(secrets) {
		pairs = append(pairs, form, "*****")
	}
	return strings.NewReplacer(pairs...)
}

// maskedForms are secrets as they may stand in JSON and in SQL.
func maskedForms(secrets []string) []string {
	var forms []string
	for _, secret := range secrets {
		if strings.TrimSpace(secret) == "" {
			continue
		}
		for _, form := range []string{strings.ReplaceAll(secret, `"`, `""`), strings.ReplaceAll(secret, "'", "''"), secret} {
			inJSON := jsonText(form)
			forms = append(forms, inJSON[1:len(inJSON)-1], form)
		}
	}
	return forms
}

func (p *Project) addSecret(v string) {
	p.secretsLock.Lock()
	defer p.secretsLock.Unlock()
	if !slices.Contains(p.secrets, v) {
		p.secrets = append(p.secrets, v)
	}
}

// Mask replaces the secrets that the profile used. Whatever is written to disk
// goes through it.
func (p *Project) Mask(text string) string {
	p.secretsLock.Lock()
	defer p.secretsLock.Unlock()
	return Mask(p.secrets).Replace(text)
}
