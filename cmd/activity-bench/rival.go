package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"apotheca/internal/activity"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// rivalCommand has this program be DuckDB alone, in a process of its own.
const rivalCommand = "rival"

// rivalSQL is the answer straight from the files, as somebody would write it
// who trusts them: types are declared, so that nothing is guessed, and of a row
// given again the newest counts. Nothing is kept and nothing is tested.
const rivalSQL = `
with steps as (
    select
        arg_max(external_id, updated_at) as patient_id,
        arg_max(steps, updated_at) as steps
    from read_csv(
        %s,
        header = true, auto_detect = false, timestampformat = '%%Y-%%m-%%dT%%H:%%M:%%S.%%g%%z',
        columns = {
            'id': 'bigint', 'external_id': 'bigint', 'steps': 'bigint',
            'submission_time': 'timestamptz', 'updated_at': 'timestamptz'
        }
    )
    group by id
),

exercises as (
    select
        arg_max(external_id, updated_at) as patient_id,
        arg_max(minutes, updated_at) as minutes
    from read_csv(
        %s,
        header = true, auto_detect = false, timestampformat = '%%Y-%%m-%%dT%%H:%%M:%%S.%%g%%z',
        columns = {
            'id': 'bigint', 'external_id': 'bigint', 'minutes': 'bigint',
            'completed_at': 'timestamptz', 'updated_at': 'timestamptz'
        }
    )
    group by id
),

thousandths as (
    select patient_id, sum(thousandths) as thousandths
    from (
        select patient_id, sum(steps) * 2 as thousandths from steps group by patient_id
        union all
        select patient_id, sum(minutes) * 1000 from exercises group by patient_id
    )
    group by patient_id
),

ranked as (
    select
        patients.*,
        cast(coalesce(thousandths, 0) * 0.001 as decimal(38, 3)) as total_minutes,
        rank() over (order by coalesce(thousandths, 0) desc) as place
    from read_csv(
        %s,
        header = true, auto_detect = false, quote = '"', escape = '"',
        columns = {
            'line': 'bigint', 'patient_id': 'bigint', 'first_name': 'varchar',
            'last_name': 'varchar', 'country': 'varchar'
        }
    ) as patients
    left join thousandths on patients.patient_id = thousandths.patient_id
)

select patient_id, first_name, last_name, country, total_minutes
from ranked
where place = 1
order by patient_id`

// printRivalAnswer prints as JSON who has the most minutes in the files of a
// folder. DuckDB has its own defaults: every core, most of the memory.
func printRivalAnswer(ctx context.Context, dir string, out io.Writer) (err error) {
	w, err := duckdb.Open(ctx, duckdb.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	file := func(name string) string { return warehouse.StringLiteral(filepath.Join(dir, name)) }
	table, err := warehouse.Fetch(ctx, conn, -1, fmt.Sprintf(rivalSQL,
		file(activity.StepsFile), file(activity.ExercisesFile), file(activity.PatientsFile)))
	if err != nil {
		return fmt.Errorf("ask DuckDB alone: %w", err)
	}
	answer := []winner{}
	for _, row := range table.Rows {
		var w winner
		w.PatientID, _ = row[0].(int64)
		w.FirstName, _ = row[1].(string)
		w.LastName, _ = row[2].(string)
		w.Country, _ = row[3].(string)
		w.Minutes = json.Number(fmt.Sprint(row[4]))
		answer = append(answer, w)
	}
	return json.NewEncoder(out).Encode(answer)
}
