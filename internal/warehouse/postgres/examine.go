package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"apotheca/internal/warehouse"
)

// The oldest version that runs, and the one from which models may merge.
const (
	versionMin   = 14_00_00
	versionMerge = 15_00_00
)

// roomMin is the room below which a disk is worth a warning.
const roomMin = 5e9

// clockTolerance is how far the server's clock may be from ours.
const clockTolerance = 5 * time.Second

// Examine checks, without changing anything, what a run will need of the
// server, the database and the role. The error is that of a question which
// could not be asked at all.
func (w *Warehouse) Examine(ctx context.Context, needs warehouse.Needs) (_ []warehouse.Finding, err error) {
	native, err := w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, native.Close()) }()
	e := &examination{Warehouse: w, conn: native, needs: needs}
	for _, check := range []func(context.Context) error{
		e.identity, e.reach, e.version, e.encoding, e.clock, e.writable, e.schemas, e.owners,
		e.temporary, e.sessions, e.timeouts, e.runs, e.room,
	} {
		if err := check(ctx); err != nil {
			return e.findings, err
		}
	}
	return e.findings, nil
}

// examination is one Examine under way.
type examination struct {
	*Warehouse
	conn     warehouse.Conn
	needs    warehouse.Needs
	findings []warehouse.Finding

	database, role string
}

func (e *examination) ok(check, format string, args ...any) {
	e.findings = append(e.findings, warehouse.Finding{Check: check, Verdict: warehouse.OK, Found: fmt.Sprintf(format, args...)})
}

func (e *examination) warn(check, hint, format string, args ...any) {
	e.findings = append(e.findings, warehouse.Finding{Check: check, Verdict: warehouse.Warning, Hint: hint, Found: fmt.Sprintf(format, args...)})
}

func (e *examination) fail(check, hint, format string, args ...any) {
	e.findings = append(e.findings, warehouse.Finding{Check: check, Verdict: warehouse.Failed, Hint: hint, Found: fmt.Sprintf(format, args...)})
}

// ask fetches rows as text; NULL is the empty text.
func (e *examination) ask(ctx context.Context, sql string, args ...any) ([][]string, error) {
	table, err := warehouse.Fetch(ctx, e.conn, -1, sql, args...)
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(table.Rows))
	for i, row := range table.Rows {
		for _, value := range row {
			text := ""
			if value != nil {
				text = warehouse.Text(value)
			}
			rows[i] = append(rows[i], text)
		}
	}
	return rows, nil
}

// askOne is ask for one row.
func (e *examination) askOne(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := e.ask(ctx, sql, args...)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("%d rows instead of one", len(rows))
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func (e *examination) identity(ctx context.Context) error {
	row, err := e.askOne(ctx, "select current_database(), current_user")
	if err == nil {
		e.database, e.role = row[0], row[1]
	}
	return err
}

// reach says by which way, and whether others can listen on it.
func (e *examination) reach(ctx context.Context) error {
	row, err := e.askOne(ctx, "select max(version) from pg_stat_ssl where pid = pg_backend_pid() and ssl")
	if err != nil {
		return err
	}
	at, tls := e.address(), row[0]
	who := fmt.Sprintf("database %s as %s at %s", e.database, e.role, at)
	switch {
	case tls != "" && e.config.TLSConfig != nil && e.config.TLSConfig.InsecureSkipVerify && e.config.TLSConfig.VerifyPeerCertificate == nil:
		e.ok("reach", "%s, %s; whose certificate it is was not checked", who, tls)
	case tls != "":
		e.ok("reach", "%s, %s", who, tls)
	case e.isLocal():
		e.ok("reach", "%s, no TLS, on this machine", who)
	default:
		e.warn("reach", "sslmode: verify-full in profiles.yml, or export PGSSLMODE=verify-full",
			"%s, no TLS: the password's exchange and all rows can be read on the way", who)
	}
	return nil
}

func (e *examination) address() string {
	if strings.HasPrefix(e.config.Host, "/") {
		return "the socket in " + e.config.Host
	}
	return net.JoinHostPort(e.config.Host, strconv.Itoa(int(e.config.Port)))
}

// isLocal: a socket, or an address that does not leave the machine.
func (e *examination) isLocal() bool {
	ip := net.ParseIP(e.config.Host)
	return strings.HasPrefix(e.config.Host, "/") || e.config.Host == "localhost" || ip != nil && ip.IsLoopback()
}

func (e *examination) version(ctx context.Context) error {
	row, err := e.askOne(ctx, "select current_setting('server_version'), current_setting('server_version_num')")
	if err != nil {
		return err
	}
	switch number, _ := strconv.Atoi(row[1]); {
	case number < versionMin:
		e.fail("version", "upgrade the server to PostgreSQL 14 or newer", "PostgreSQL %s; 14 is needed", row[0])
	case number < versionMerge:
		e.warn("version", "incremental_strategy: delete+insert in models that merge, or PostgreSQL 15 or newer",
			"PostgreSQL %s, which has no merge", row[0])
	default:
		e.ok("version", "PostgreSQL %s", row[0])
	}
	return nil
}

func (e *examination) encoding(ctx context.Context) error {
	row, err := e.askOne(ctx, "select current_setting('server_encoding'), current_setting('TimeZone'), current_setting('log_timezone')")
	if err != nil {
		return err
	}
	if row[0] == "UTF8" {
		e.ok("encoding", "%s", row[0])
	} else {
		e.fail("encoding", fmt.Sprintf("create database %s encoding 'UTF8' template template0, under a new name", e.quoted(e.database)),
			"%s cannot hold every character of the registry", row[0])
	}
	e.ok("time zone", "our sessions are in %s; the server logs in %s", row[1], row[2])
	return nil
}

// clock compares the server's with the middle of our question.
func (e *examination) clock(ctx context.Context) error {
	asked := e.needs.Now()
	table, err := warehouse.Fetch(ctx, e.conn, 1, "select clock_timestamp()")
	if err != nil {
		return err
	}
	answered := e.needs.Now()
	theirs, _ := table.Rows[0][0].(time.Time)
	apart := theirs.Sub(asked.Add(answered.Sub(asked) / 2))
	if apart.Abs() <= clockTolerance {
		e.ok("clock", "%s apart from ours", apart.Abs().Round(time.Millisecond))
		return nil
	}
	which := "ahead of"
	if apart < 0 {
		which = "behind"
	}
	e.warn("clock", "timedatectl set-ntp true, on the machine that is wrong",
		"%s %s ours: the times of runs and of rows will not fit", apart.Abs().Round(time.Second), which)
	return nil
}

// writable: a standby, or a role or database set to read only, refuses all.
func (e *examination) writable(ctx context.Context) error {
	row, err := e.askOne(ctx, "select pg_is_in_recovery()::text, current_setting('default_transaction_read_only')")
	switch {
	case err != nil:
		return err
	case row[0] == "true":
		e.fail("writable", "host: that of the primary server", "the server is a standby: it can only be read")
	case row[1] == "on":
		e.fail("writable", fmt.Sprintf("alter role %[1]s set default_transaction_read_only = off; alter database %[2]s reset default_transaction_read_only",
			e.quoted(e.role), e.quoted(e.database)), "transactions of %s are read only (default_transaction_read_only)", e.role)
	default:
		e.ok("writable", "yes")
	}
	return nil
}

// schemas: the role may make those that are missing, and tables in the others.
func (e *examination) schemas(ctx context.Context) error {
	row, err := e.askOne(ctx, "select has_database_privilege(current_database(), 'create')::text")
	if err != nil {
		return err
	}
	mayCreate := row[0] == "true"
	var missing, usable []string
	for _, name := range e.needs.Schemas {
		rows, err := e.ask(ctx, `
select (has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage'))::text
from pg_namespace where nspname = $1`, name)
		if err != nil {
			return err
		}
		switch {
		case len(rows) == 0:
			missing = append(missing, name)
		case rows[0][0] != "true":
			e.fail("schema "+name, fmt.Sprintf("grant usage, create on schema %s to %s", e.quoted(name), e.quoted(e.role)),
				"is there, and %s may not create in it", e.role)
		default:
			usable = append(usable, name)
		}
	}
	if len(usable) > 0 {
		e.ok("schemas", "%s may create in %s", e.role, strings.Join(usable, ", "))
	}
	switch {
	case len(missing) > 0 && mayCreate:
		e.ok("create schemas", "%s may create what is missing: %s", e.role, strings.Join(missing, ", "))
	case len(missing) > 0:
		e.fail("create schemas", fmt.Sprintf("grant create on database %s to %s", e.quoted(e.database), e.quoted(e.role)),
			"%s may create no schema, and missing are: %s", e.role, strings.Join(missing, ", "))
	case !mayCreate:
		e.ok("create schemas", "%s may not, and none is missing", e.role)
	}
	return nil
}

// owners: only the owner of a table, and members of it, can replace it.
func (e *examination) owners(ctx context.Context) error {
	foreign := map[string][]string{} // tables by owner
	for _, r := range e.needs.Relations {
		rows, err := e.ask(ctx, `
select pg_get_userbyid(c.relowner)
from pg_class as c
inner join pg_namespace as n
    on c.relnamespace = n.oid
where n.nspname = $1 and c.relname = $2 and not pg_has_role(c.relowner, 'usage')`, r.Schema, r.Name)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			foreign[rows[0][0]] = append(foreign[rows[0][0]], r.Schema+"."+r.Name)
		}
	}
	for owner, tables := range foreign {
		e.fail("owners", fmt.Sprintf("grant %s to %s", e.quoted(owner), e.quoted(e.role)),
			"%s cannot replace what belongs to %s: %s", e.role, owner, shortList(tables))
	}
	return nil
}

func (e *examination) temporary(ctx context.Context) error {
	row, err := e.askOne(ctx, "select has_database_privilege(current_database(), 'temporary')::text")
	if err != nil {
		return err
	}
	if row[0] == "true" {
		e.ok("temporary tables", "%s may create them", e.role)
		return nil
	}
	e.fail("temporary tables", fmt.Sprintf("grant temporary on database %s to %s", e.quoted(e.database), e.quoted(e.role)),
		"%s may not create them; incremental models need them", e.role)
	return nil
}

// sessions: as many as nodes run at once, or tables are loaded at once. The
// server, the database and the role each may have a limit; ours is counted.
func (e *examination) sessions(ctx context.Context) error {
	rows, err := e.ask(ctx, `
select
    'server' as limited,
    current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint as most,
    (select count(*) from pg_stat_activity where backend_type = 'client backend') as used
union all
select 'database', datconnlimit, (select count(*) from pg_stat_activity where datname = current_database())
from pg_database where datname = current_database() and datconnlimit >= 0
union all
select 'role', rolconnlimit, (select count(*) from pg_stat_activity where usename = session_user)
from pg_roles where rolname = session_user and rolconnlimit >= 0`)
	if err != nil {
		return err
	}
	mend := map[string]string{
		"server":   "alter system set max_connections = %d, and restart the server; or run with fewer threads",
		"database": "alter database " + e.quoted(e.database) + " connection limit %d",
		"role":     "alter role " + e.quoted(e.role) + " connection limit %d",
	}
	for _, row := range rows {
		most, _ := strconv.Atoi(row[1])
		used, _ := strconv.Atoi(row[2])
		if free := most - used + 1; free < e.needs.Sessions {
			e.fail("sessions", fmt.Sprintf(mend[row[0]], most+e.needs.Sessions-free),
				"%d needed at once, and the %s's limit leaves %d of %d", e.needs.Sessions, row[0], max(free, 0), most)
			return nil
		}
	}
	e.ok("sessions", "%d needed at once; none of the limits is near", e.needs.Sessions)
	return nil
}

// timeouts that are set would cancel a long load or model.
func (e *examination) timeouts(ctx context.Context) error {
	rows, err := e.ask(ctx, `
select name, current_setting(name)
from pg_settings
where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout')
    and setting <> '0'
order by name`)
	if err != nil {
		return err
	}
	for _, row := range rows {
		e.warn("timeouts", fmt.Sprintf("alter role %s set %s = 0", e.quoted(e.role), row[0]),
			"%s is %s: what takes longer is cancelled", row[0], row[1])
	}
	if len(rows) == 0 {
		e.ok("timeouts", "none is set")
	}
	return nil
}

// runs that write into the schemas now keep another one out.
func (e *examination) runs(ctx context.Context) error {
	for _, schema := range e.needs.Schemas {
		holder, err := (&lock{conn: e.conn}).holder(ctx, schema)
		if err != nil {
			return err
		}
		if holder != nil {
			found, hint, _ := strings.Cut(holder.Error(), "\nhint: ")
			e.warn("other runs", hint, "%s", found)
			return nil
		}
	}
	e.ok("other runs", "none is under way")
	return nil
}

// room is known only of a server that shares our disks.
func (e *examination) room(ctx context.Context) error {
	row, err := e.askOne(ctx, `
select
    pg_size_pretty(pg_database_size(current_database())),
    (select setting from pg_settings where name = 'data_directory')`)
	if err != nil {
		return err
	}
	var disk syscall.Statfs_t
	if !strings.HasPrefix(e.config.Host, "/") || row[1] == "" || syscall.Statfs(row[1], &disk) != nil {
		e.ok("free space", "the database holds %s; the room on the server's disk cannot be known from here", row[0])
		return nil
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	pretty, err := e.askOne(ctx, "select pg_size_pretty($1::bigint)", free)
	if err != nil {
		return err
	}
	if free < roomMin {
		e.warn("free space", "make room on the disk of "+row[1], "the database holds %s, and %s are free", row[0], pretty[0])
	} else {
		e.ok("free space", "the database holds %s, and %s are free", row[0], pretty[0])
	}
	return nil
}

func (e *examination) quoted(identifier string) string { return e.Dialect().Quote(identifier) }

// shortList names the first few.
func shortList(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
