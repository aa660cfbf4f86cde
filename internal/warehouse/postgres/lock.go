package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"apotheca/internal/warehouse"
)

// The classes of advisory locks. A holder has the schema's `held` on a session
// of its own, and each of its other sessions has `working`: of a process that
// was killed, the server may still carry out the last statement.
const (
	held    = 0x61706801
	working = 0x61706802
)

// patience is how long a lock waits for what a dead process left at work.
const patience = "30s"

// Lock takes schemas by advisory locks of a session of its own, which is named
// after the holder. The server lets go of them when the session ends; a client
// that vanished without a word is noticed after a minute.
func (w *Warehouse) Lock(ctx context.Context, mode warehouse.LockMode, holder string, schemas ...string) (warehouse.Lock, error) {
	schemas = slices.Compact(slices.Sorted(slices.Values(schemas)))
	opened, err := w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	l := &lock{conn: opened}
	if err := l.take(ctx, mode, holder, schemas); err != nil {
		return nil, errors.Join(err, l.Release())
	}
	w.mu.Lock()
	w.locked = schemas
	w.mu.Unlock()
	return l, nil
}

type lock struct{ conn warehouse.Conn }

func (l *lock) Release() error { return l.conn.Close() }

// Held asks the session: as long as it lives, it has its locks.
func (l *lock) Held(ctx context.Context) error {
	if _, err := l.conn.Exec(ctx, "select 1"); err != nil {
		return fmt.Errorf("the lock on the schemas was lost: %w", err)
	}
	return nil
}

func (l *lock) take(ctx context.Context, mode warehouse.LockMode, holder string, schemas []string) error {
	_, err := l.conn.Exec(ctx, "set application_name = "+warehouse.StringLiteral(holder)+
		"; set idle_session_timeout = 0; set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10"+
		"; set tcp_keepalives_count = 3; set lock_timeout = '"+patience+"'")
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		if err := l.takeSchema(ctx, mode, schema); err != nil {
			return err
		}
	}
	return nil
}

func (l *lock) takeSchema(ctx context.Context, mode warehouse.LockMode, schema string) error {
	shared := ""
	if mode == warehouse.Shared {
		shared = "_shared"
	}
	key := lockKey(schema)
	for {
		got, err := warehouse.Fetch(ctx, l.conn, 1, fmt.Sprintf("select pg_try_advisory_lock%s(%d, %d)", shared, held, key))
		if err != nil {
			return fmt.Errorf("lock schema %s: %w", schema, err)
		}
		if taken, _ := got.Rows[0][0].(bool); taken {
			break
		}
		// Without a holder it has just let go.
		if holder, err := l.holder(ctx, schema); err != nil || holder != nil {
			return cmp.Or[error](err, holder)
		}
	}
	if mode == warehouse.Shared {
		return nil
	}
	if _, err := l.conn.Exec(ctx, fmt.Sprintf("select pg_advisory_lock(%d, %d); select pg_advisory_unlock(%[1]d, %[2]d)", working, key)); err != nil {
		return fmt.Errorf("wait for the sessions that an earlier run left in schema %s: %w", schema, err)
	}
	return nil
}

// holder finds who has the schema.
func (l *lock) holder(ctx context.Context, schema string) (*warehouse.LockedError, error) {
	found, err := warehouse.Fetch(ctx, l.conn, 1, fmt.Sprintf(`
select
    activity.application_name,
    activity.usename,
    activity.pid,
    activity.backend_start
from pg_catalog.pg_locks as lock
inner join pg_catalog.pg_stat_activity as activity
    on lock.pid = activity.pid
inner join pg_catalog.pg_database as database
    on lock.database = database.oid
where
    database.datname = current_database()
    and lock.locktype = 'advisory'
    and lock.classid = %d
    and lock.objid = %d
    and lock.objsubid = 2
    and lock.granted
    and lock.pid <> pg_backend_pid()
order by activity.backend_start`, held, uint32(lockKey(schema))))
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	row := found.Rows[0]
	e := &warehouse.LockedError{Schema: schema, Holder: warehouse.Text(row[0])}
	if e.Holder == "" {
		e.Holder = fmt.Sprintf("a session of %s (process %s of the server)", warehouse.Text(row[1]), warehouse.Text(row[2]))
	}
	e.Since, _ = row[3].(time.Time)
	return e, nil
}

// lockKey is the schema's number among the locks of a database.
func lockKey(schema string) int32 { return int32(crc32.ChecksumIEEE([]byte(schema))) }

// lockTimeout is how long a writer waits for readers when the server sets no
// limit itself: whoever comes after it waits behind it.
const lockTimeout = "1min"

// join makes a session part of the lock that its warehouse holds. A statement
// whose client is gone ends within seconds, where the server can notice.
func (w *Warehouse) join(ctx context.Context, c *conn) error {
	w.mu.Lock()
	schemas := w.locked
	w.mu.Unlock()
	if len(schemas) == 0 {
		return nil
	}
	_, _ = c.Exec(ctx, "set client_connection_check_interval = '2s'")
	_, err := c.Exec(ctx, "select set_config('lock_timeout', '"+lockTimeout+"', false) where current_setting('lock_timeout') = '0'")
	if err != nil {
		return fmt.Errorf("set lock_timeout: %w", err)
	}
	for _, schema := range schemas {
		if _, err := c.Exec(ctx, fmt.Sprintf("select pg_advisory_lock_shared(%d, %d)", working, lockKey(schema))); err != nil {
			return fmt.Errorf("join the lock on schema %s: %w", schema, err)
		}
	}
	return nil
}
