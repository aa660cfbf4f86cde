package postgres

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// A ConnectError says why there is no connection, and what to type. It holds
// no password, and nothing that does.
type ConnectError struct {
	where, problem, advice string
	// Passing: the same attempt may succeed a little later.
	Passing bool
}

func (e *ConnectError) Error() string {
	text := "connect to " + e.where + ": " + e.problem
	if e.advice != "" {
		text += "\nhint: " + e.advice
	}
	return text
}

// Hint is empty: what to do is part of the text.
func (e *ConnectError) Hint() string { return "" }

// place names the server without what opens it.
func (w *Warehouse) place() string {
	if network, address := pgconn.NetworkAddress(w.config.Host, w.config.Port); network == "unix" {
		return "PostgreSQL at socket " + address
	}
	return fmt.Sprintf("PostgreSQL at %s", net.JoinHostPort(w.config.Host, fmt.Sprint(w.config.Port)))
}

// connectError finds the one cause among those of every address and of every
// way to talk to it: what a server said counts most.
func (w *Warehouse) connectError(err error) *ConnectError {
	e := &ConnectError{where: w.place()}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		w.refused(e, server)
		return e
	}
	if e.problem, e.advice = w.tlsProblem(err); e.problem != "" {
		return e
	}
	w.unreachable(e, err)
	return e
}

// refused explains what the server answered.
func (w *Warehouse) refused(e *ConnectError, server *pgconn.PgError) {
	role, database := w.role(), Dialect().Quote(w.database())
	e.problem = server.Message
	if server.Detail != "" {
		e.problem += " (" + strings.TrimSuffix(server.Detail, ".") + ")"
	}
	switch server.Code {
	case "28P01":
		e.advice = "check user and password (PGUSER, PGPASSWORD); the server does not tell which of them is wrong"
		if w.config.Password == "" {
			e.problem = "the server wants a password for role " + role + " and none was given"
			e.advice = "set PGPASSWORD, or password in profiles.yml: \"{{ env_var('PGPASSWORD') }}\""
		}
	case "28000":
		e.advice = w.authorization(server.Message)
	case "3D000":
		e.advice = "create it: create database " + database + " owner " + role + "; or name another (PGDATABASE, dbname)"
	case "42501":
		e.advice = "its owner can allow it: grant connect on database " + database + " to " + role
		if strings.Contains(server.Message, "set role") {
			e.advice = "have it granted: grant " + Dialect().Quote(foldRole(w.options.Role)) + " to " + role
		}
	case "22023":
		e.advice = "check role and search_path in profiles.yml"
	case "53300":
		e.advice = "lower threads, end other sessions, or raise the server's max_connections"
		e.Passing = true
	case "57P03":
		e.advice = "wait until the server is up, then run the same command again"
		e.Passing = true
	}
}

// authorization tells apart what the server puts under one code.
func (w *Warehouse) authorization(message string) string {
	role := w.role()
	switch {
	case strings.Contains(message, "does not exist"):
		return "create the role: create role " + role + " login password '…'; or name another (PGUSER, user)"
	case strings.Contains(message, "not permitted to log in"):
		return "let it in: alter role " + role + " login"
	case strings.Contains(message, "no encryption"), strings.Contains(message, "SSL off"):
		return "the server may want TLS: sslmode: require; or its pg_hba.conf needs a line for this client"
	case strings.Contains(message, "pg_hba.conf"):
		return "the server's pg_hba.conf needs a line that lets this role into this database from here"
	case strings.Contains(message, "certificate"):
		return "set sslcert and sslkey (PGSSLCERT, PGSSLKEY) to a certificate that the server accepts for " + role
	}
	return "check user (PGUSER); this server lets " + role + " in only by another way than a password"
}

// tlsProblem explains what went wrong while the two sides agreed on TLS.
func (w *Warehouse) tlsProblem(err error) (problem, advice string) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	switch {
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "the server does not offer TLS, which sslmode asks for",
			"turn TLS on at the server (ssl = on), or take sslmode: prefer where the network is trusted"
	case errors.As(err, &unknown):
		return "the server's certificate is signed by an authority that is not trusted here",
			"set sslrootcert (PGSSLROOTCERT) to the file with that authority's certificate"
	case errors.As(err, &name):
		return "the server's certificate is for another host: " + name.Error(),
			"connect by a name that is in the certificate, or take sslmode: verify-ca"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + invalid.Error(), "have the server's certificate renewed"
	case errors.As(err, &alert):
		return "the server ended the agreement on TLS: " + alert.Error(),
			"set sslcert and sslkey (PGSSLCERT, PGSSLKEY) to a certificate that the server accepts"
	}
	return "", ""
}

// unreachable explains why no server answered.
func (w *Warehouse) unreachable(e *ConnectError, err error) {
	var dns *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.problem, e.advice = "the host is not known", "check host (PGHOST)"
	case errors.As(err, &dns):
		e.problem, e.advice = "the host's name could not be looked up", "check host (PGHOST) and the network"
		e.Passing = true
	case errors.Is(err, syscall.ECONNREFUSED):
		e.problem, e.advice = "nothing listens there", "start the server, or check host and port (PGHOST, PGPORT)"
		e.Passing = true
	case errors.Is(err, fs.ErrNotExist):
		e.problem, e.advice = "there is no such socket", "start the server, or set host (PGHOST) to its name or to the folder of its socket"
		e.Passing = true
	case errors.Is(err, syscall.EACCES):
		e.problem, e.advice = "this user may not open the socket", "connect by TCP: host: localhost"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.problem, e.advice = "there is no way to the host", "check host (PGHOST) and the network"
		e.Passing = true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout(), pgconn.Timeout(err):
		e.problem = "no answer"
		if w.config.ConnectTimeout > 0 {
			e.problem += " within " + w.config.ConnectTimeout.String()
		}
		e.advice = "check host, port and the firewalls between; connect_timeout gives it longer"
		e.Passing = true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		e.problem, e.advice = "what answers there hung up at once", "check that a PostgreSQL server listens at this port, and its log"
		e.Passing = true
	default:
		var outer *pgconn.ConnectError
		if errors.As(err, &outer) {
			err = outer.Unwrap() // without the prefix of the driver
		}
		e.problem, e.advice = err.Error(), "check that a PostgreSQL server listens at this port"
	}
}

// role is the session's role, quoted.
func (w *Warehouse) role() string { return Dialect().Quote(w.config.User) }

// database is the user's own when none is named.
func (w *Warehouse) database() string { return cmp.Or(w.config.Database, w.config.User) }

// parseError keeps what the driver says of the options and leaves out where it
// quotes them.
func parseError(err error) error {
	problem := err.Error()
	if i := strings.LastIndex(problem, "`: "); i >= 0 {
		problem = problem[i+len("`: "):]
	}
	e := &ConnectError{where: "PostgreSQL", problem: problem, advice: "check the connection in profiles.yml and the PG* variables"}
	switch {
	case strings.Contains(problem, "sslmode"):
		e.advice = "sslmode is disable, allow, prefer, require, verify-ca or verify-full"
	case strings.Contains(problem, "TLS"):
		e.advice = "check sslrootcert, sslcert and sslkey (PGSSLROOTCERT, PGSSLCERT, PGSSLKEY)"
	}
	return e
}
