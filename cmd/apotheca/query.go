package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"apotheca/internal/warehouse"
)

func (a *app) queryCommand() *cobra.Command {
	var dir, target, format string
	cmd := &cobra.Command{
		Use:   `query "select …"`,
		Short: "Ask the warehouse",
		Long: `Runs one query on the warehouse, read-only, and prints what it returns: as a table
for people, as csv or json for scripts. The star schema is in the schema
analytics, which unqualified names look in first; the rows as they were loaded
are in staging.`,
		Example: `  apotheca query "select overall_status, count(*) from dim_study group by 1"
  apotheca query --format csv "select * from fact_study_site" > sites.csv`,
		Args: oneArg("query in quotes", `apotheca query "select count(*) from dim_study"`),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch format {
			case "table", "csv", "json":
			default:
				return usagef("no format is named %q", format).hint("--format table, csv or json")
			}
			c, err := readConfig()
			if err != nil {
				return err
			}
			return a.query(cmd.Context(), c.with(cmd, dir, target), spaced(placeWords(cmd)), args[0], format)
		},
	}
	dirFlag(cmd, &dir)
	targetFlag(cmd, &target)
	cmd.Flags().StringVar(&format, "format", "table", "table, csv or json")
	return cmd
}

func (a *app) query(ctx context.Context, c config, words, sql, format string) error {
	rowsTo := a.stdout // what is in the tables is shown as it is
	a.hideSecrets()
	d, err := c.pipelineNamed(clinicalTrials)
	if err != nil {
		return err
	}
	target, err := a.targetOf(c, d)
	if err != nil {
		return err
	}
	if path := duckdbPath(target, ""); target.Type == "duckdb" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return usagef("there is no warehouse at %s", path).
				hint("apotheca run clinical-trials --sample makes one; --dir names another folder")
		}
	}
	w, err := a.opener(access{readOnly: true})(ctx, target)
	if err != nil {
		return err
	}
	defer w.Close()
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := searchSchemas(ctx, conn, w.Dialect(), target.Schema, d.Schema); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err, advice: queryAdvice(err, words)}
	}
	return writeRows(rowsTo, rows, format)
}

func queryAdvice(err error, words string) string {
	if strings.Contains(err.Error(), "read-only") {
		return "query only reads; what changes a table is a model of the project"
	}
	return fmt.Sprintf("apotheca query%s \"select table_schema, table_name from information_schema.tables\" lists the tables", words)
}

// searchSchemas lets unqualified names mean the star first, then what it was
// made of; a schema that is not there yet cannot be searched.
func searchSchemas(ctx context.Context, conn warehouse.Conn, d warehouse.Dialect, star, loaded string) error {
	var path []string
	for _, name := range []string{star, "reference", loaded, d.DefaultSchema} {
		found, err := warehouse.Fetch(ctx, conn, 1,
			`select 1 from information_schema.schemata
			where catalog_name = current_database() and schema_name = `+d.Placeholder(1), name)
		if err != nil {
			return err
		}
		if len(found.Rows) > 0 && !slices.Contains(path, name) {
			path = append(path, name)
		}
	}
	value := d.QuoteAll(path)
	if d.Name == "duckdb" { // which takes the list as one text, without blanks
		value = warehouse.StringLiteral(strings.ReplaceAll(value, ", ", ","))
	}
	_, err := conn.Exec(ctx, "set search_path = "+value)
	return err
}

// targetFlag chooses the warehouse of every command that uses one.
func targetFlag(cmd *cobra.Command, target *string) {
	cmd.Flags().StringVarP(target, "target", "t", "", "`output` of profiles.yml that is meant (default its own choice)")
}

// dirFlag is the flag of every command that works in a data folder.
func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "", "data `folder` (default ./apotheca-data)")
}
