package postgrestest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running server.
type process struct {
	pid   int
	ended chan struct{}
}

// startProcess starts a command on a thread that stays: the system sends the
// signal of a parent's death when the thread ends, not the program.
func startProcess(command *exec.Cmd) (*process, error) {
	started := make(chan error, 1)
	p := &process{ended: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		err := command.Start()
		if err == nil {
			p.pid = command.Process.Pid
		}
		started <- err
		if err == nil {
			_ = command.Wait()
		}
		close(p.ended)
	}()
	return p, <-started
}

// stop signals the server and waits for its end.
func (p *process) stop(signal syscall.Signal) {
	_ = syscall.Kill(p.pid, signal)
	<-p.ended
}

// kill stops the parent first, so that no child is missed, and waits for the
// children too: a server does not start while one holds the shared memory.
func (p *process) kill() {
	_ = syscall.Kill(p.pid, syscall.SIGSTOP)
	orphans := children(p.pid)
	for _, child := range orphans {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	p.stop(syscall.SIGKILL)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); slices.ContainsFunc(orphans, runs) && time.Now().Before(deadline); {
		<-tick.C
	}
}

// runs reports a process that has not ended; one that only waits for its
// parent to notice has.
func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	return len(fields) > 0 && string(fields[0]) != "Z"
}

// children reads the processes of a parent from /proc.
func children(parent int) []int {
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 && string(fields[1]) == strconv.Itoa(parent) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}

// programs finds the folder of the server's programs: Debian keeps them off
// the path, newest version last.
func programs() (string, error) {
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(versions) > 0 {
		newest := slices.MaxFunc(versions, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	if found, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(found), nil
	}
	return "", errors.New("the programs of a PostgreSQL server were not found\nhint: scripts/test installs them, or: apt-get install postgresql")
}

func version(path string) int {
	v, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return v
}

// unprivileged is who runs the server: it refuses root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(account.Uid, 10, 32)
		gid, errG := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(errU, errG); err != nil {
			return nil, fmt.Errorf("read account %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("a PostgreSQL server must not run as root, and there is no account postgres or nobody")
}

// freePort is one that nobody listens at now.
func freePort() uint16 {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 5433
	}
	defer listener.Close()
	return uint16(listener.Addr().(*net.TCPAddr).Port)
}
