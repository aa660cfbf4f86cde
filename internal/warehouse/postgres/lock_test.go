package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
)

func TestLockNamesWhoHasTheSchema(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	first, second := open(t, o), open(t, o)
	lock := takeLock(t, first, warehouse.Exclusive, "apotheca run-1, pid 7 on host", "staging", "analytics")
	for _, mode := range []warehouse.LockMode{warehouse.Exclusive, warehouse.Shared} {
		_, err := second.Lock(t.Context(), mode, "apotheca run-2", "reference", "analytics")
		var locked *warehouse.LockedError
		if !errors.As(err, &locked) {
			t.Fatalf("lock by a second run, %s: %v, want a LockedError", mode, err)
		}
		if locked.Schema != "analytics" || locked.Holder != "apotheca run-1, pid 7 on host" || locked.Since.IsZero() {
			t.Errorf("%s: the error says %+v", mode, locked)
		}
	}
	// What the refused one had taken is free again.
	release(t, takeLock(t, second, warehouse.Exclusive, "run-3", "reference"))
	release(t, lock)
	release(t, takeLock(t, second, warehouse.Exclusive, "run-4", "staging", "analytics"))
}

func TestSharedLocksDoNotExcludeEachOther(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	first, second := open(t, o), open(t, o)
	one := takeLock(t, first, warehouse.Shared, "dbt 1", "analytics")
	two := takeLock(t, second, warehouse.Shared, "dbt 2", "analytics")
	if _, err := open(t, o).Lock(t.Context(), warehouse.Exclusive, "run", "analytics"); err == nil || !strings.Contains(err.Error(), "dbt 1") {
		t.Errorf("exclusive beside two shared: %v, want an error that names dbt 1", err)
	}
	release(t, one)
	release(t, two)
	release(t, takeLock(t, open(t, o), warehouse.Exclusive, "run", "analytics"))
}

// Of a process that was killed the server goes on with the last statement:
// nobody else may begin before that is over.
func TestLockWaitsForWhatADeadRunLeft(t *testing.T) {
	t.Parallel()
	o := server.Database(t)
	dead, next := open(t, o), open(t, o)
	lock := takeLock(t, dead, warehouse.Exclusive, "dead run", "staging")
	working, err := dead.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	observer, err := open(t, o).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer observer.Close()
	if _, err := observer.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dead run'"); err != nil {
		t.Fatal(err)
	}
	if err := lock.Held(t.Context()); err == nil {
		t.Error("a lock whose session was ended is still held")
	}
	taken := make(chan error, 1)
	go func() {
		lock, err := next.Lock(t.Context(), warehouse.Exclusive, "next run", "staging")
		if err == nil {
			err = lock.Release()
		}
		taken <- err
	}()
	for waiting := false; !waiting; {
		select {
		case err := <-taken:
			t.Fatalf("the next run did not wait: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		found, err := warehouse.Fetch(t.Context(), observer, 1, "select 1 from pg_locks where locktype = 'advisory' and not granted")
		if err != nil {
			t.Fatal(err)
		}
		waiting = len(found.Rows) > 0
	}
	if err := working.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Errorf("after the last session of the dead run: %v", err)
	}
}

func takeLock(t *testing.T, w *postgres.Warehouse, mode warehouse.LockMode, holder string, schemas ...string) warehouse.Lock {
	t.Helper()
	lock, err := w.Lock(t.Context(), mode, holder, schemas...)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Held(t.Context()); err != nil {
		t.Error(err)
	}
	return lock
}

func release(t *testing.T, lock warehouse.Lock) {
	t.Helper()
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}
