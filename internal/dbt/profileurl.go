package dbt

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// urlParameters are what the query of a connection URL may say, by libpq's
// names, which are those of an output of profiles.yml too.
var urlParameters = []string{
	"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "keepalives_idle", "application_name", "search_path",
}

// expandURL lays what `url:` says over the other keys of an output, so that
// templates and drivers see one form of a connection. The URL itself goes: it
// holds the password. An empty one says nothing.
func (t *Target) expandURL() error {
	text := t.credential("url")
	t.Credentials.Del("url")
	if text == "" {
		return nil
	}
	_, rest, _ := strings.Cut(text, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 && strings.LastIndexByte(rest, '@') > end {
		// Taken apart, it would show half of the password as a host or a name.
		return fmt.Errorf("the url of target %q has an @ where none belongs; in a password, write / : @ ? # %% as %%2F %%3A %%40 %%3F %%23 %%25", t.Name)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return fmt.Errorf("the url of target %q is not of the form postgresql://user@host:port/database", t.Name)
	}
	set := func(key, value string) {
		if value != "" {
			t.Credentials.Set(key, value)
		}
	}
	set("host", u.Hostname())
	if port, err := strconv.ParseInt(u.Port(), 10, 64); err == nil {
		t.Credentials.Set("port", port)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		written := rest[:strings.LastIndexByte(rest, '@')]
		_, t.urlPassword, _ = strings.Cut(written, ":")
		set("user", u.User.Username())
		set("password", password)
	}
	for _, key := range []string{"dbname", "database"} {
		if _, there := t.Credentials.Get(key); there || key == "dbname" {
			set(key, strings.TrimPrefix(u.Path, "/"))
		}
	}
	for name, values := range u.Query() {
		if name == "host" { // a folder of sockets has no place before the path
			set("host", values[0])
			continue
		}
		if !slices.Contains(urlParameters, name) {
			return fmt.Errorf("the url of target %q has the parameter %q, which is not supported", t.Name, name)
		}
		set(name, values[0])
	}
	return nil
}
