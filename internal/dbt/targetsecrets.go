package dbt

import (
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// secretLengthMin is the length from which a password can be hidden: without
// every "1", little would be left to read.
const secretLengthMin = 4

// Secrets are the passwords and keys of the output. One that is also its user,
// database or another word that templates see is left out: hiding it would
// deface what is written and hide nothing.
func (t Target) Secrets() []string {
	secrets := append([]string{t.urlPassword}, t.nestedSecrets()...)
	words := []string{t.Name, t.Profile}
	for _, k := range keysIn(t.Credentials) {
		value := t.credential(jinja.Str(k))
		if secretCredential(jinja.Str(k)) {
			secrets = append(secrets, value)
		} else {
			words = append(words, value)
		}
	}
	return slices.DeleteFunc(secrets, func(secret string) bool {
		return len(secret) < secretLengthMin || slices.Contains(words, secret)
	})
}

// secretCredential are the keys of credentials that templates do not see.
func secretCredential(key string) bool {
	switch key {
	case "password", "pass", "token", "authenticator_token", "oauth_client_secret", "secrets", "motherduck_token":
		return true
	}
	return strings.HasPrefix(key, "private_key") || strings.HasPrefix(key, "sslkey")
}

// nestedSecrets are those inside the keys of DuckDB's profiles: what a secret
// consists of, settings whose names say it, passwords in the addresses of
// attached databases.
func (t Target) nestedSecrets() []string {
	var found []string
	get := func(key string) any { value, _ := t.Credentials.Get(key); return value }
	leaves(get("secrets"), "", func(key, value string) {
		if !harmlessInSecret(key) {
			found = append(found, value)
		}
	})
	for _, key := range []string{"settings", "config_options", "attach"} {
		leaves(get(key), "", func(key, value string) {
			if key == "path" {
				found = append(found, passwordsIn(value)...)
			} else if key != "secret" && secretName().MatchString(key) {
				found = append(found, value)
			}
		})
	}
	return found
}

var (
	secretName  = pattern(`(?i)secret|token|password|passwd|access_key|key_id|encryption_key|credential`)
	keyPassword = pattern(`(?i)\bpassw(?:or)?d\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s&;]+))`)
	urlPassword = pattern(`^[A-Za-z][A-Za-z0-9+.:-]*://[^/@:]*:([^@/]+)@`)
)

// passwordsIn are those of a connection string, in each of its ways of writing.
func passwordsIn(address string) []string {
	var found []string
	for _, m := range append(keyPassword().FindAllStringSubmatch(address, -1), urlPassword().FindAllStringSubmatch(address, -1)...) {
		found = append(found, strings.Join(m[1:], ""))
	}
	return found
}

// harmlessInSecret are the keys of a secret that say where it is for, not what
// it is.
func harmlessInSecret(key string) bool {
	return slices.Contains([]string{
		"type", "name", "provider", "scope", "persistent", "region", "endpoint", "url_style", "use_ssl", "chain",
		"host", "port", "database", "user", "account_id", "project_id",
	}, strings.ToLower(key))
}

// leaves calls visit for every plain value, with the key it stands under.
func leaves(value any, key string, visit func(key, value string)) {
	switch v := value.(type) {
	case nil:
	case *jinja.Dict:
		for i := range v.Len() {
			name, inner := v.At(i)
			leaves(inner, jinja.Str(name), visit)
		}
	case *jinja.List:
		for _, item := range v.V {
			leaves(item, key, visit)
		}
	case string:
		visit(key, v)
	default:
		visit(key, jinja.Str(v))
	}
}
