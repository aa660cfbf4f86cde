package postgrestest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"apotheca/internal/warehouse/postgres"
)

// Server is a PostgreSQL server of its own.
type Server struct {
	settings    []string
	access      string // of pg_hba.conf, empty for everybody
	certificate []byte // in PEM, as the key
	key         []byte
	port        uint16 // of TCP, 0 for a socket only

	mu        sync.Mutex
	dir       string // empty before the first start
	process   *process
	databases int
}

// Option makes a server differ from the usual one.
type Option func(*Server)

// Setting is one of PostgreSQL's own: "max_connections=20".
func Setting(setting string) Option {
	return func(s *Server) { s.settings = append(s.settings, setting) }
}

// Access are lines of pg_hba.conf that take the place of the usual ones, which
// let everybody in. The superuser keeps the way in through the socket.
func Access(lines string) Option { return func(s *Server) { s.access = lines } }

// TCP has the server listen at 127.0.0.1 as well.
func TCP() Option { return func(s *Server) { s.port = freePort() } }

// TLS turns TLS on, with a certificate and its key in PEM.
func TLS(certificate, key []byte) Option {
	return func(s *Server) { s.certificate, s.key = certificate, key }
}

// Start starts a server that lives as long as the test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := Shared(options...)
	t.Cleanup(s.Stop)
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Shared is a server for all tests of a package. It is started by the first
// test that wants a database; who makes it stops it, in TestMain.
func Shared(options ...Option) *Server {
	s := &Server{}
	for _, option := range options {
		option(s)
	}
	return s
}

// Run starts a shared server for a program that is no test.
func (s *Server) Run(ctx context.Context) error { return s.start(ctx) }

// Stop ends the server and removes what it kept.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.process.stop(syscall.SIGQUIT)
		s.process = nil
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
		s.dir = ""
	}
}

// Kill ends all processes of the server at once, as kill -9 does.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.kill()
	s.process = nil
}

// Restart starts a server that was killed on what it left.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Options lead to the server's own database, as its superuser.
func (s *Server) Options() postgres.Options {
	return postgres.Options{
		Host: s.dir, Port: s.socketPort(), User: superuser, Database: "postgres", SSLMode: "disable",
		ConnectTimeout: 10 * time.Second,
	}
}

// Address leads to the same database by TCP.
func (s *Server) Address() postgres.Options {
	o := s.Options()
	o.Host, o.Port = "127.0.0.1", s.port
	return o
}

// socketPort is part of the socket's name.
func (s *Server) socketPort() uint16 { return cmp.Or(s.port, 5432) }

// Database makes an empty database, which is dropped after the test.
func (s *Server) Database(t testing.TB) postgres.Options {
	t.Helper()
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test_%d", s.databases)
	s.mu.Unlock()
	if err := s.exec(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A server that a test has killed has nothing to drop.
		_ = s.exec(context.Background(), "drop database "+name+" with (force)")
	})
	options := s.Options()
	options.Database = name
	return options
}

func (s *Server) exec(ctx context.Context, sql string) error {
	w, err := postgres.Open(ctx, s.Options())
	if err != nil {
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Exec(ctx, sql)
	return err
}

const superuser = "postgres"
