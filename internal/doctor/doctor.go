package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
)

// Options say what to check.
type Options struct {
	// Open opens the warehouse.
	Open  func(context.Context) (warehouse.Warehouse, error)
	Needs warehouse.Needs
	// File is that of an embedded warehouse, empty for a server.
	File string
	// Lake is the folder of the lake; empty when nothing is extracted.
	Lake string
	// Pipeline is the one that is to be run; nil for a dbt project alone.
	Pipeline *Pipeline
}

// Examine runs the checks, one after another. A warehouse that cannot be
// reached has one finding; the folders are checked all the same.
func Examine(ctx context.Context, o Options) []warehouse.Finding {
	var findings []warehouse.Finding
	if o.Pipeline != nil {
		findings = o.Pipeline.before()
	}
	findings = append(findings, examineWarehouse(ctx, o)...)
	if o.File != "" {
		findings = append(findings, folder("warehouse folder", parent(o.File)))
	}
	if o.Lake != "" {
		findings = append(findings, folder("lake folder", o.Lake))
	}
	if o.Pipeline != nil {
		findings = append(findings, o.Pipeline.lastRun())
	}
	return findings
}

// Worst is the gravest verdict of all.
func Worst(findings []warehouse.Finding) warehouse.Verdict {
	worst := warehouse.OK
	for _, f := range findings {
		if f.Verdict == warehouse.Failed || f.Verdict == warehouse.Warning && worst == warehouse.OK {
			worst = f.Verdict
		}
	}
	return worst
}

// examiner is a driver that knows more of its database.
type examiner interface {
	Examine(ctx context.Context, needs warehouse.Needs) ([]warehouse.Finding, error)
}

func examineWarehouse(ctx context.Context, o Options) []warehouse.Finding {
	if _, err := os.Stat(o.File); o.File != "" && errors.Is(err, fs.ErrNotExist) {
		return []warehouse.Finding{{Check: "reach", Verdict: warehouse.OK, Found: o.File + " is not there yet; the first run makes it"}}
	}
	w, err := o.Open(ctx)
	if err != nil {
		return []warehouse.Finding{failed("reach", err)}
	}
	defer w.Close()
	var findings []warehouse.Finding
	if examined, ok := w.(examiner); !ok {
		findings = embedded(ctx, w, o.File)
	} else if findings, err = examined.Examine(ctx, o.Needs); err != nil {
		return append(findings, failed("reach", err))
	}
	if Worst(findings) == warehouse.Failed {
		return findings // which say better what a try would stumble over
	}
	findings = append(findings, tried(ctx, w, o.Needs))
	if o.Pipeline == nil {
		return findings
	}
	found, err := o.Pipeline.schema(ctx, w)
	if err != nil {
		found = failed("load", err)
	}
	return append(findings, found)
}

// embedded is what can be known of a warehouse that is a file.
func embedded(ctx context.Context, w warehouse.Warehouse, file string) []warehouse.Finding {
	version, err := scalar(ctx, w, "select version()")
	if err != nil {
		return []warehouse.Finding{failed("reach", err)}
	}
	found := file
	if info, err := os.Stat(file); err == nil {
		found = fmt.Sprintf("%s, %s; no other process holds it", file, pipeline.Size(info.Size()))
	}
	return []warehouse.Finding{
		{Check: "reach", Verdict: warehouse.OK, Found: found},
		{Check: "version", Verdict: warehouse.OK, Found: fmt.Sprintf("%s %s, built in; UTF-8, sessions in UTC", w.Dialect().Name, version)},
	}
}

func scalar(ctx context.Context, w warehouse.Warehouse, sql string) (_ string, err error) {
	conn, err := w.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	table, err := warehouse.Fetch(ctx, conn, 1, sql)
	if err != nil {
		return "", err
	}
	return warehouse.Text(table.Rows[0][0]), nil
}

// errRollback ends a transaction that was only tried.
var errRollback = errors.New("only tried")

// trial begins the names of what tried makes, and leaves no trace of.
const trial = "apotheca_doctor"

// tried does in small what a run does: the schemas that are missing, a table
// that takes the place of another, a temporary table; then takes it all back.
func tried(ctx context.Context, w warehouse.Warehouse, needs warehouse.Needs) warehouse.Finding {
	const check = "transaction"
	conn, err := w.Conn(ctx)
	if err != nil {
		return failed(check, err)
	}
	defer conn.Close()
	err = conn.Transact(ctx, func(ctx context.Context) error {
		for _, name := range needs.Schemas {
			if err := tryIn(ctx, conn, w.Dialect(), name); err != nil {
				return err
			}
		}
		if _, err := conn.Exec(ctx, "create temporary table "+trial+"_temporary as select 1 as id"); err != nil {
			return err
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		return failed(check, err)
	}
	left, err := warehouse.Fetch(ctx, conn, 1,
		"select table_schema, table_name from information_schema.tables where table_name like "+warehouse.StringLiteral(trial+"%"))
	if err != nil {
		return failed(check, err)
	}
	if len(left.Rows) > 0 {
		name, _ := left.Rows[0][1].(string)
		return warehouse.Finding{Check: check, Verdict: warehouse.Failed,
			Found: fmt.Sprintf("table %s is still there after the transaction that made it was rolled back", name),
			Hint:  "transactions must be able to roll back tables; is a proxy between us and the server?"}
	}
	return warehouse.Finding{Check: check, Verdict: warehouse.OK,
		Found: "schemas, tables, a swap and a temporary table made and rolled back"}
}

// tryIn swaps one table for another in a schema.
func tryIn(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, name string) error {
	found, err := warehouse.Fetch(ctx, conn, 1,
		"select 1 from information_schema.schemata where schema_name = "+warehouse.StringLiteral(name))
	if err != nil {
		return err
	}
	statements := ""
	if len(found.Rows) == 0 {
		statements = "create schema " + d.Quote(name) + ";\n"
	}
	before := d.QuoteRelation(warehouse.Relation{Schema: name, Name: trial + "_old"})
	after := d.QuoteRelation(warehouse.Relation{Schema: name, Name: trial + "_new"})
	statements += "create table " + before + " as select 1 as id;\n" +
		"create table " + after + " as select 2 as id;\n" +
		"drop table " + before + d.DropCascade + ";\n" +
		"alter table " + after + " rename to " + d.Quote(trial+"_old")
	_, err = conn.Exec(ctx, statements)
	return err
}

// failed is a check that ended with an error, whose hint it takes over.
func failed(check string, err error) warehouse.Finding {
	message, hint, _ := strings.Cut(err.Error(), "\nhint: ")
	var hinted interface{ Hint() string }
	if hint == "" && errors.As(err, &hinted) {
		hint = hinted.Hint()
	}
	return warehouse.Finding{Check: check, Verdict: warehouse.Failed, Found: message, Hint: hint}
}
