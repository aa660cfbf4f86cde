package build

import (
	"context"
	"time"

	"apotheca/internal/warehouse"
)

// session is a worker's connection. It knows how long the database worked for
// the node at hand and what it was told to do, which is the text of the node's
// file under target/run.
type session struct {
	conn   warehouse.Conn
	name   string
	now    func() time.Time
	took   time.Duration
	script []string
}

func (s *session) reset() {
	s.took = 0
	s.script = nil
}

// exec runs SQL that belongs to the node's own work.
func (s *session) exec(ctx context.Context, sql string) (int64, error) {
	s.script = append(s.script, sql)
	start := s.now()
	result, err := s.conn.Exec(ctx, sql)
	s.took += s.now().Sub(start)
	return result.Rows, err
}

// fetch reads; what templates ask on the way is not part of the script.
func (s *session) fetch(ctx context.Context, limit int, sql string, args ...any) (warehouse.Table, error) {
	start := s.now()
	table, err := warehouse.Fetch(ctx, s.conn, limit, sql, args...)
	s.took += s.now().Sub(start)
	return table, err
}

// columns describes what a query returns without running it for rows.
func (s *session) columns(ctx context.Context, from string) ([]warehouse.ResultColumn, error) {
	table, err := s.fetch(ctx, 0, "select * from "+from+" limit 0")
	return table.Columns, err
}

func (s *session) transact(ctx context.Context, work func(context.Context) error) error {
	start := s.now()
	var inside time.Duration
	err := s.conn.Transact(ctx, func(ctx context.Context) error {
		began := s.now()
		defer func() { inside = s.now().Sub(began) }()
		return work(ctx)
	})
	// The statements inside have counted themselves.
	s.took += s.now().Sub(start) - inside
	return err
}
