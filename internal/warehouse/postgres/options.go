package postgres

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// Options say which server to use and how. An empty field leaves the choice to
// the PG* variables and then to PostgreSQL's defaults.
type Options struct {
	Host     string // a name, an address, or the folder of a socket
	Port     uint16
	User     string
	Password string
	Database string

	// SSLMode is libpq's: disable, allow, prefer, require, verify-ca or
	// verify-full.
	SSLMode, SSLRootCert, SSLCert, SSLKey string

	ConnectTimeout time.Duration
	KeepalivesIdle time.Duration
	SearchPath     string
	// Role is taken on by every session: set role.
	Role            string
	ApplicationName string
	// Retries is how often a connection that failed for a passing reason is
	// tried again.
	Retries int
	// ReadOnly has the server refuse whatever would change something.
	ReadOnly bool
	// Discreet keeps values of rows out of errors: there may be personal data
	// among them.
	Discreet bool
}

// config is what the driver makes of the options.
func (o Options) config() (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(o.keywords())
	if err != nil {
		return nil, parseError(err)
	}
	if o.ConnectTimeout > 0 {
		config.ConnectTimeout = o.ConnectTimeout
	}
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAlive: o.KeepalivesIdle}
	config.DialFunc = dialer.DialContext
	config.BuildContextWatcherHandler = cancelOnServer
	if o.ApplicationName != "" {
		config.RuntimeParams["application_name"] = o.ApplicationName
	}
	// What is read as text must be printed in one way, and a date taken from
	// an instant must not depend on the server.
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["datestyle"] = "ISO, MDY"
	config.RuntimeParams["client_encoding"] = "UTF8"
	if o.ReadOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	config.AfterConnect = o.startSession
	return config, nil
}

// cancelOnServer has a cancelled context interrupt the statement where it
// runs, which leaves the session usable. A server that does not react is left.
func cancelOnServer(c *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: 10 * time.Second}
}

// keywords writes the fields in libpq's form: host='…' port='…'.
func (o Options) keywords() string {
	var b strings.Builder
	for _, setting := range []struct{ key, value string }{
		{"host", o.Host}, {"user", o.User}, {"password", o.Password}, {"dbname", o.Database},
		{"sslmode", o.SSLMode}, {"sslrootcert", o.SSLRootCert}, {"sslcert", o.SSLCert}, {"sslkey", o.SSLKey},
	} {
		if setting.value != "" {
			fmt.Fprintf(&b, "%s='%s' ", setting.key, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(setting.value))
		}
	}
	if o.Port != 0 {
		fmt.Fprintf(&b, "port=%d", o.Port)
	}
	return b.String()
}

// startSession sets, in one round trip, what a pooler in between would not let
// through when connecting. Compiling expressions costs a model seconds and wins
// it nothing; it is switched off unless somebody chose otherwise.
func (o Options) startSession(ctx context.Context, native *pgconn.PgConn) error {
	script := "set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1; set standard_conforming_strings = on" +
		"; select set_config(name, 'off', false) from pg_settings where name = 'jit' and source = 'default'"
	if o.SearchPath != "" {
		script += "; set search_path = " + o.SearchPath
	}
	if o.Role != "" {
		script += "; set role " + Dialect().Quote(foldRole(o.Role))
	}
	return native.Exec(ctx, script).Close()
}

// foldRole reads a role as `set role` does: without quotes in lower case.
func foldRole(role string) string {
	if inner, quoted := strings.CutPrefix(role, `"`); quoted {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return strings.ToLower(role)
}
