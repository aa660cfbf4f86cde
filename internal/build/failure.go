package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// fail ends a node with an error, in dbt's words:
//
//	Compilation Error in model orders (models/orders.sql)
//	  what is wrong
//
//	  > in macro cents (macros/cents.sql)
//	  > called by model orders (models/orders.sql)
//	  at macros/cents.sql:3:7
//	  hint: what to type
//
// The last two lines are ours.
func (r *run) fail(s *session, result *Result, err error) {
	result.Status = Error
	err = errors.Join(err, r.writeScript(s, result))
	result.Message = r.failure(result, r.Project.Explain(err))
}

func (r *run) failure(result *Result, f dbt.Failure) string {
	heading := string(f.Heading)
	subject := fmt.Sprintf("%s %s (%s)", result.Type(), result.declared(), result.File())
	anonymous := f.Heading == dbt.InternalError
	switch {
	case result.isHook():
		return strings.Join(append([]string{result.Name() + " failed, error:", " " + f.Text}, ours(f)...), "\n")
	case result.Type() == dbt.Operation: // a macro that was called by its name
		subject = fmt.Sprintf("macro %s (%s)", result.declared(), result.File())
		anonymous = f.Heading != dbt.CompilationError
	}
	lines := strings.Split(f.Text, "\n")
	if len(f.Macros) > 0 {
		lines = append(lines, "", "> in "+f.Macros[0])
		for _, caller := range append(f.Macros[1:], subject) {
			lines = append(lines, "> called by "+caller)
		}
	}
	if f.Heading == dbt.DatabaseError && result.runPath != "" && result.Type() != dbt.Seed {
		lines = append(lines, "compiled code at "+result.runPath)
	}
	if !anonymous {
		heading += " in " + subject
	}
	return strings.Join(slices.Concat([]string{heading}, lines, ours(f)), "\n  ")
}

// ours are the lines of a failure that dbt does not have.
func ours(f dbt.Failure) (lines []string) {
	if f.Place != "" {
		lines = append(lines, "at "+f.Place)
	}
	if f.Hint != "" {
		lines = append(lines, "hint: "+f.Hint)
	}
	return lines
}

// raised is an error that dbt itself raises while a node runs, not a macro.
func raised(format string, args ...any) error {
	return &dbt.Complaint{Heading: dbt.RuntimeError, Err: fmt.Errorf(format, args...)}
}

// complaint heads what the database says as dbt's adapter does.
func (s *session) complaint(err error) error {
	var already *dbt.Complaint
	if err == nil || errors.As(err, &already) {
		return err
	}
	return &dbt.Complaint{Heading: s.heading, Err: err}
}
