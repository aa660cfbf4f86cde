package build

import (
	"context"
	"fmt"
	"iter"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// session is a worker's connection. It knows how long the database worked for
// the node at hand and what it was told to do, which is the text of the node's
// file under target/run.
type session struct {
	warehouse warehouse.Warehouse
	conn      warehouse.Conn // nil when there is none
	name      string
	now       func() time.Time
	failed    bool // a statement did since the connection was last known to live
	comment   func(sql string) string
	subject   string // whose statements are sent: the id of a node, or master
	report    func(Event)
	took      time.Duration
	script    []string
	result    *Result      // of the node under way
	seed      *seedTable   // its file, once a macro asked for it
	open      *transaction // that templates began
	manual    bool         // templates begin and commit
	asked     bool         // a statement wanted the transaction, so that it can be committed
	tentative bool         // what is done is taken back
	left      bool         // there was a commit: statements that begin no transaction are in none
	heading   dbt.Heading  // of what the database complains of
	always    bool         // the database is of those that AlwaysTransacts
}

func (r *run) newSession(ctx context.Context, name string) (*session, error) {
	s := &session{warehouse: r.Warehouse, name: name, now: r.Now, report: r.report, always: r.dialect.AlwaysTransacts, heading: dbt.RuntimeError}
	if r.dialect.HeadsErrors {
		s.heading = dbt.DatabaseError
	}
	s.reset()
	var err error
	s.conn, err = r.Warehouse.Conn(ctx)
	return s, err
}

func (s *session) close() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is pending on it
		s.conn = nil
	}
}

// reset makes the session ready to be measured for another node.
func (s *session) reset() {
	s.took = 0
	s.script = nil
	s.subject = "master"
	s.result, s.seed = nil, nil
	s.manual, s.asked, s.left, s.tentative = false, false, false, false
	s.comment = func(sql string) string { return sql }
}

// revive replaces a connection that was lost under the node before. The loss
// was that node's failure; this one begins with a live connection.
func (s *session) revive(ctx context.Context) error {
	if s.conn != nil && s.failed {
		if _, err := s.conn.Exec(ctx, "select 1"); err != nil {
			s.close()
		}
	}
	if s.conn == nil {
		conn, err := s.warehouse.Conn(ctx)
		if err != nil {
			return s.complaint(fmt.Errorf("connect again: %w", err))
		}
		s.conn = conn
	}
	s.failed = false
	return nil
}

// exec runs SQL that belongs to the node's own work.
func (s *session) exec(ctx context.Context, sql string) (warehouse.Result, error) {
	s.script = append(s.script, sql)
	return s.tell(ctx, sql)
}

// tell runs SQL that is not part of the script.
func (s *session) tell(ctx context.Context, sql string) (warehouse.Result, error) {
	if err := s.try(ctx); err != nil {
		return warehouse.Result{}, err
	}
	sql = s.comment(sql)
	start := s.sent(sql)
	result, err := s.conn.Exec(ctx, sql)
	return result, s.told(start, err)
}

// fetch reads; what templates ask on the way is not part of the script.
func (s *session) fetch(ctx context.Context, limit int, sql string, args ...any) (warehouse.Table, error) {
	if err := s.try(ctx); err != nil {
		return warehouse.Table{}, err
	}
	sql = s.comment(sql)
	start := s.sent(sql)
	table, err := warehouse.Fetch(ctx, s.conn, limit, sql, args...)
	return table, s.told(start, err)
}

// load brings rows in by the bulk path.
func (s *session) load(ctx context.Context, into warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	start := s.sent("load " + into.Name)
	loaded, err := s.conn.Load(ctx, into, columns, rows)
	return loaded, s.told(start, err)
}

// sent reports a statement, and when it began.
func (s *session) sent(sql string) time.Time {
	s.report(Event{Kind: StatementSent, Connection: s.subject, Thread: s.name, Statement: sql})
	return s.now()
}

// told reports how a statement went, and heads its error as dbt does.
func (s *session) told(start time.Time, err error) error {
	took, status := s.now().Sub(start), "OK"
	s.took += took
	if err != nil {
		s.failed, status = true, "ERROR"
	}
	s.report(Event{Kind: StatementDone, Connection: s.subject, Thread: s.name, Status: status, Took: took})
	return s.complaint(err)
}

// columns describes what a query returns without running it for rows.
func (s *session) columns(ctx context.Context, from string) ([]warehouse.ResultColumn, error) {
	table, err := s.fetch(ctx, 0, "select * from "+from+" limit 0")
	return table.Columns, err
}

// transact runs work in a transaction: the one that is open, which it commits,
// or one of its own.
func (s *session) transact(ctx context.Context, work func(context.Context) error) error {
	if s.open != nil {
		if err := work(ctx); err != nil {
			return err
		}
		return s.commit()
	}
	start := s.now()
	var inside time.Duration
	var failed error
	err := s.conn.Transact(ctx, func(ctx context.Context) error {
		began := s.now()
		defer func() { inside = s.now().Sub(began) }()
		failed = work(ctx)
		return failed
	})
	if failed == nil {
		err = s.complaint(err) // of the commit
	}
	// The statements inside have counted themselves.
	s.took += s.now().Sub(start) - inside
	s.failed = s.failed || err != nil
	return err
}
