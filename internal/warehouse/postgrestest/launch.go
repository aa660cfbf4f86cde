package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"apotheca/internal/warehouse/postgres"
)

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

// configure writes the files that the server reads when it starts.
func (s *Server) configure(as *syscall.Credential) error {
	if s.access != "" {
		access := "local all " + superuser + " trust\n" + s.access + "\n"
		if err := s.write("pg_hba.conf", []byte(access), as); err != nil {
			return err
		}
	}
	if s.certificate == nil {
		return nil
	}
	return errors.Join(s.write("server.crt", s.certificate, as), s.write("server.key", s.key, as))
}

// write writes a file of the data folder that belongs to the server.
func (s *Server) write(name string, content []byte, as *syscall.Credential) error {
	file := filepath.Join(s.data(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return err
	}
	if as == nil {
		return nil
	}
	return os.Chown(file, int(as.Uid), int(as.Gid))
}

// arguments of the server. What it keeps has to outlive the server, but not the
// machine.
func (s *Server) arguments() []string {
	settings := []string{
		fmt.Sprintf("port=%d", s.socketPort()), "listen_addresses=", "fsync=off",
		"full_page_writes=off", "shared_buffers=64MB",
	}
	if s.port != 0 {
		settings = append(settings, "listen_addresses=127.0.0.1")
	}
	if s.certificate != nil {
		settings = append(settings, "ssl=on")
	}
	arguments := []string{"-D", s.data(), "-k", s.dir}
	for _, setting := range append(settings, s.settings...) {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// create makes the data folder. It is not in the test's own folder, whose
// parents the server's user may not enter, and its path must be short enough
// for a socket.
func (s *Server) create(bin string, as *syscall.Credential) error {
	sweep()
	dir, err := os.MkdirTemp("/tmp", fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
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
	return s.configure(as)
}

// folderPrefix is followed by the process that made the folder.
const folderPrefix = "apotheca-postgres-"

// sweep removes the folders of test binaries that were killed. Their servers
// went with them.
func sweep() {
	left, _ := filepath.Glob("/tmp/" + folderPrefix + "*")
	for _, dir := range left {
		maker, _, named := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folderPrefix), "-")
		pid, err := strconv.Atoi(maker)
		if named && err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// launch starts the server and waits until it lets somebody in.
func (s *Server) launch(ctx context.Context, bin string, as *syscall.Credential) error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(filepath.Join(bin, "postgres"), s.arguments()...)
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
			return errors.New("it ended")
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
