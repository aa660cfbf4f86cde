package postgrestest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"apotheca/internal/warehouse/postgres"
)

// Server is a PostgreSQL server of its own.
type Server struct {
	settings []string

	mu        sync.Mutex
	dir       string // empty before the first start
	process   *process
	databases int
}

// Start starts a server that lives as long as the test. Settings are
// PostgreSQL's own, such as max_connections=20.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := Shared(settings...)
	t.Cleanup(s.Stop)
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Shared is a server for all tests of a package. It is started by the first
// test that wants a database; who makes it stops it, in TestMain.
func Shared(settings ...string) *Server { return &Server{settings: settings} }

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
		Host: s.dir, Port: 5432, User: superuser, Database: "postgres", SSLMode: "disable",
		ConnectTimeout: 10 * time.Second,
	}
}

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

// start starts the server unless it runs.
func (s *Server) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return nil
	}
	bin, err := programs()
	if err != nil {
		return err
	}
	as, err := unprivileged()
	if err != nil {
		return err
	}
	if s.dir == "" {
		if err := s.create(bin, as); err != nil {
			return err
		}
	}
	return s.launch(ctx, bin, as)
}

// create makes the data folder. It is not in the test's own folder, whose
// parents the server's user may not enter, and its path must be short enough
// for a socket.
func (s *Server) create(bin string, as *syscall.Credential) error {
	dir, err := os.MkdirTemp("/tmp", "apotheca-postgres-")
	if err != nil {
		return err
	}
	s.dir = dir
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	// Text is compared as in a language, not byte by byte: that is how servers
	// are set up, and what must not change a result.
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--pgdata", s.data(), "--username", superuser,
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync")
	initdb.Dir = dir
	initdb.Env = environment()
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// launch starts the server and waits until it lets somebody in.
func (s *Server) launch(ctx context.Context, bin string, as *syscall.Credential) error {
	arguments := []string{"-D", s.data(), "-k", s.dir}
	// Nothing has to outlive the machine.
	for _, setting := range append([]string{
		"listen_addresses=", "port=5432", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"shared_buffers=64MB", "unix_socket_permissions=0777",
	}, s.settings...) {
		arguments = append(arguments, "-c", setting)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(filepath.Join(bin, "postgres"), arguments...)
	command.Dir, command.Env, command.Stdout, command.Stderr = s.dir, environment(), log, log
	command.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
	p, err := startProcess(command)
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx, p); err != nil {
		p.stop(syscall.SIGQUIT)
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("start PostgreSQL: %w\n%s", err, said)
	}
	s.process = p
	return nil
}

func (s *Server) awaitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		w, err := postgres.Open(ctx, s.Options())
		if err == nil {
			return w.Close()
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it ended")
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// environment keeps the tests' own settings away from the server.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
}
