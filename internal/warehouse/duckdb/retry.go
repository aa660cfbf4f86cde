package duckdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// Retries say how often what fails for a moment's reason is tried.
type Retries struct {
	// Connect and Query are numbers of attempts; below 2 there is one.
	Connect, Query int
	// On are the classes of errors, as DuckDB's Python module names them; none
	// means IOException.
	On []string
}

// do runs work until it succeeds or its failure is not one to wait for. The
// wait begins with a second and doubles.
func (r Retries) do(ctx context.Context, attempts int, work func() error) error {
	for wait := time.Second; ; wait *= 2 {
		err := work()
		if attempts--; err == nil || attempts < 1 || !r.covers(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(wait):
		}
	}
}

func (r Retries) covers(err error) bool {
	class := "IOException"
	var native *duckdb.Error
	if locked := (*LockedError)(nil); !errors.As(err, &locked) {
		if !errors.As(err, &native) {
			return false
		}
		class = errorClasses()[native.Type]
	}
	if len(r.On) == 0 {
		return class == "IOException"
	}
	return slices.Contains(r.On, class)
}

// errorClasses are the names by which profiles mean DuckDB's errors.
func errorClasses() map[duckdb.ErrorType]string {
	return map[duckdb.ErrorType]string{
		duckdb.ErrorTypeIO:             "IOException",
		duckdb.ErrorTypeHTTP:           "HTTPException",
		duckdb.ErrorTypeConnection:     "ConnectionException",
		duckdb.ErrorTypeTransaction:    "TransactionException",
		duckdb.ErrorTypeOutOfMemory:    "OutOfMemoryException",
		duckdb.ErrorTypeInterrupt:      "InterruptException",
		duckdb.ErrorTypeFatal:          "FatalException",
		duckdb.ErrorTypeInternal:       "InternalException",
		duckdb.ErrorTypeSerialization:  "SerializationException",
		duckdb.ErrorTypeConstraint:     "ConstraintException",
		duckdb.ErrorTypeConversion:     "ConversionException",
		duckdb.ErrorTypeCatalog:        "CatalogException",
		duckdb.ErrorTypeBinder:         "BinderException",
		duckdb.ErrorTypeParser:         "ParserException",
		duckdb.ErrorTypeSyntax:         "SyntaxException",
		duckdb.ErrorTypeDependency:     "DependencyException",
		duckdb.ErrorTypePermission:     "PermissionException",
		duckdb.ErrorTypeInvalidInput:   "InvalidInputException",
		duckdb.ErrorTypeNotImplemented: "NotImplementedException",
		duckdb.ErrorTypeOutOfRange:     "OutOfRangeException",
		duckdb.ErrorTypeSequence:       "SequenceException",
	}
}
