package build

import (
	"context"
	"errors"
	"iter"
)

// transaction is one that templates begin in one call and end in another,
// where a connection wants all that is inside as one function.
type transaction struct {
	resume func() (error, bool)
	leave  func()
}

var errRolledBack = errors.New("rolled back")

// begin opens a transaction if none is open.
func (s *session) begin(ctx context.Context) error {
	if s.open != nil {
		return nil
	}
	resume, leave := iter.Pull(func(yield func(error) bool) {
		err := s.conn.Transact(ctx, func(context.Context) error {
			if !yield(nil) {
				return errRolledBack
			}
			return nil
		})
		if !errors.Is(err, errRolledBack) {
			yield(err)
		}
	})
	if err, _ := resume(); err != nil {
		leave()
		return s.complaint(err)
	}
	s.open = &transaction{resume, leave}
	return nil
}

// try begins a transaction before the first statement of what is taken back.
func (s *session) try(ctx context.Context) error {
	if !s.tentative {
		return nil
	}
	return s.begin(ctx)
}

// commit ends the open transaction, if there is one.
func (s *session) commit() error {
	if s.open == nil {
		return nil
	}
	open := s.open
	s.open = nil
	start := s.now()
	err, _ := open.resume()
	open.leave()
	return s.told(start, err)
}

// rollback takes back what the open transaction did.
func (s *session) rollback() {
	if s.open != nil {
		s.open.leave()
		s.open = nil
	}
}
