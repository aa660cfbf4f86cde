package postgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

const password = "pa55/w0rd@#?:%"

// access lets in with a password, or not at all, by the database's name.
const access = `
hostssl tls_only  all   127.0.0.1/32 scram-sha-256
host    tls_only  all   127.0.0.1/32 reject
host    unlisted  all   127.0.0.2/32 scram-sha-256
host    postgres,closed,missing all 127.0.0.1/32 scram-sha-256
host    trusting  all   127.0.0.1/32 trust`

// guarded is a server with passwords and TLS.
func guarded(t *testing.T) (reader postgres.Options, authority string) {
	t.Helper()
	certificate, key := selfSigned(t, time.Now().Add(time.Hour))
	server := postgrestest.Start(t, postgrestest.TCP(), postgrestest.TLS(certificate, key), postgrestest.Access(access))
	authority = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := open(t, server.Options()).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, sql := range []string{
		"create role reader login password " + warehouse.StringLiteral(password),
		"create role sleeper password " + warehouse.StringLiteral(password),
		"create role lonely login connection limit 0 password " + warehouse.StringLiteral(password),
		"create role boss",
		"create database closed",
		"create database tls_only",
		"create database unlisted",
		"create database trusting",
		"revoke connect on database closed from public",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	reader = server.Address()
	reader.User, reader.Password = "reader", password
	return reader, authority
}

// selfSigned is a certificate for localhost, which is its own authority.
func selfSigned(t *testing.T, until time.Time) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: until.Add(-2 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func TestConnect(t *testing.T) {
	t.Parallel()
	reader, authority := guarded(t)
	t.Run("encrypted", func(t *testing.T) { testEncrypted(t, reader, authority) })
	t.Run("refused", func(t *testing.T) { testRefused(t, reader, authority) })
	t.Run("examined", func(t *testing.T) { testExamineReach(t, reader, authority) })
}

// testRefused: each way to fail has its own words and says what to do.
func testRefused(t *testing.T, reader postgres.Options, authority string) {
	tests := []struct {
		name    string
		change  func(*postgres.Options)
		problem string
		hint    string
	}{
		{"host not known", func(o *postgres.Options) { o.Host = "nowhere.invalid" }, "nowhere.invalid:", "PGHOST"},
		{"nothing listens", func(o *postgres.Options) { o.Port = closedPort(t) }, "nothing listens there", "start the server"},
		{"no socket", func(o *postgres.Options) { o.Host = "/nonexistent" }, "socket /nonexistent/.s.PGSQL.", "start the server"},
		{"wrong password", func(o *postgres.Options) { o.Password = "secret" }, `authentication failed for user "reader"`, "PGPASSWORD"},
		{"no password", func(o *postgres.Options) { o.Password = "" }, "none was given", "env_var('PGPASSWORD')"},
		{"no role", func(o *postgres.Options) { o.User = "nobody_here" }, `user "nobody_here"`, "PGUSER"},
		{"no role, trusted", func(o *postgres.Options) { o.User, o.Database = "nobody_here", "trusting" }, `role "nobody_here" does not exist`, `create role "nobody_here" login`},
		{"role without login", func(o *postgres.Options) { o.User = "sleeper" }, "not permitted to log in", `alter role "sleeper" login`},
		{"too many sessions", func(o *postgres.Options) { o.User = "lonely" }, "too many connections", "max_connections"},
		{"no database", func(o *postgres.Options) { o.Database = "missing" }, `database "missing" does not exist`, `create database "missing" owner "reader"`},
		{"no right to connect", func(o *postgres.Options) { o.Database = "closed" }, "permission denied for database", `grant connect on database "closed" to "reader"`},
		{"no line in pg_hba.conf", func(o *postgres.Options) { o.Database, o.SSLMode = "unlisted", "require" }, "no pg_hba.conf entry", "pg_hba.conf"},
		{"TLS wanted", func(o *postgres.Options) { o.Database = "tls_only" }, "no encryption", "sslmode: require"},
		{"unknown authority", func(o *postgres.Options) { o.Host, o.SSLMode = "localhost", "verify-full" }, "authority that is not trusted", "PGSSLROOTCERT"},
		{"another host's certificate", func(o *postgres.Options) { o.SSLMode, o.SSLRootCert = "verify-full", authority }, "for another host", "verify-ca"},
		{"no file of authorities", func(o *postgres.Options) { o.SSLMode, o.SSLRootCert = "verify-ca", "missing.pem" }, "missing.pem", "hint"},
		{"no such mode", func(o *postgres.Options) { o.SSLMode = "always" }, "sslmode is invalid", "verify-full"},
		{"role to take on missing", func(o *postgres.Options) { o.Role = "chief" }, `role "chief" does not exist`, "profiles.yml"},
		{"role to take on not granted", func(o *postgres.Options) { o.Role = "Boss" }, "permission denied to set role", `grant "boss" to "reader"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := reader
			tt.change(&o)
			wantRefusal(t, o, tt.problem, tt.hint)
		})
	}
}

func wantRefusal(t *testing.T, o postgres.Options, problem, hint string) {
	t.Helper()
	_, err := postgres.Open(t.Context(), o)
	if err == nil {
		t.Fatal("open: no error")
	}
	said, advice, found := strings.Cut(err.Error(), "\nhint: ")
	if !found || !strings.Contains(said, problem) || !strings.Contains(advice, hint) && hint != "hint" {
		t.Errorf("error = %v\nwant %q, and in the hint %q", err, problem, hint)
	}
	for _, secret := range []string{password, "secret", "w0rd"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error %q shows the password", err)
		}
	}
}

func closedPort(t *testing.T) uint16 {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return uint16(listener.Addr().(*net.TCPAddr).Port)
}

func testEncrypted(t *testing.T, reader postgres.Options, authority string) {
	const encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"

	full := reader
	full.Host, full.SSLMode, full.SSLRootCert, full.Database = "localhost", "verify-full", authority, "tls_only"
	if got := fetch(t, open(t, full), encrypted).Rows[0][0]; got != true {
		t.Errorf("sslmode verify-full: encrypted = %v, want true", got)
	}
	prefer := reader
	prefer.SSLMode = "prefer"
	if got := fetch(t, open(t, prefer), encrypted).Rows[0][0]; got != true {
		t.Errorf("sslmode prefer: encrypted = %v, want true", got)
	}
}

// Servers that are none, or not yet one, are played by a listener.
func TestConnectToWhatIsNoServer(t *testing.T) {
	t.Parallel()
	plays := func(t *testing.T, answer func(net.Conn)) postgres.Options {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go answer(conn)
			}
		}()
		address := listener.Addr().(*net.TCPAddr)
		return postgres.Options{Host: "127.0.0.1", Port: uint16(address.Port), User: "reader", Password: password, SSLMode: "disable"}
	}
	refusal := func(code, message string) func(net.Conn) {
		return func(conn net.Conn) {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1024))
			body := "SFATAL\x00VFATAL\x00C" + code + "\x00M" + message + "\x00\x00"
			_, _ = io.WriteString(conn, "E\x00\x00\x00"+string(rune(len(body)+4))+body)
		}
	}
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		o := plays(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
		o.ConnectTimeout = 100 * time.Millisecond
		wantRefusal(t, o, "no answer within 100ms", "connect_timeout")
	})
	t.Run("hangs up", func(t *testing.T) {
		t.Parallel()
		wantRefusal(t, plays(t, func(conn net.Conn) { conn.Close() }), "hung up", "its log")
	})
	t.Run("speaks something else", func(t *testing.T) {
		t.Parallel()
		wantRefusal(t, plays(t, func(conn net.Conn) {
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}), "PostgreSQL at 127.0.0.1", "listens at this port")
	})
	t.Run("starting up", func(t *testing.T) {
		t.Parallel()
		wantRefusal(t, plays(t, refusal("57P03", "the database system is starting up")), "starting up", "wait until")
	})
	t.Run("shutting down", func(t *testing.T) {
		t.Parallel()
		wantRefusal(t, plays(t, refusal("57P03", "the database system is shutting down")), "shutting down", "wait until")
	})
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		wantRefusal(t, plays(t, refusal("53300", "sorry, too many clients already")), "too many clients", "lower threads")
	})
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		o := plays(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 8))
			_, _ = io.WriteString(conn, "N")
		})
		o.SSLMode = "require"
		wantRefusal(t, o, "does not offer TLS", "ssl = on")
	})
	t.Run("expired certificate", func(t *testing.T) {
		t.Parallel()
		certificate, key := selfSigned(t, time.Now().Add(-time.Hour))
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			t.Fatal(err)
		}
		o := plays(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 8))
			_, _ = io.WriteString(conn, "S")
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake()
		})
		o.SSLMode, o.SSLRootCert = "verify-ca", filepath.Join(t.TempDir(), "authority.pem")
		if err := os.WriteFile(o.SSLRootCert, certificate, 0o600); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, o, "certificate is not valid", "renewed")
	})
	t.Run("tried again", func(t *testing.T) {
		t.Parallel()
		attempts := make(chan struct{}, 10)
		starting := refusal("57P03", "the database system is starting up")
		o := plays(t, func(conn net.Conn) {
			attempts <- struct{}{}
			starting(conn)
		})
		o.Retries = 1
		wantRefusal(t, o, "starting up", "wait until")
		if len(attempts) != 2 {
			t.Errorf("attempts = %d, want 2", len(attempts))
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		o := plays(t, func(conn net.Conn) { cancel() })
		if _, err := postgres.Open(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("open = %v, want context.Canceled", err)
		}
	})
}
