package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// DuckDB finds by bits what is given again. It finds what dbt's own test of
// uniqueness finds, of whatever type the values are and wherever they lie.
func TestWhatIsGivenAgainIsFound(t *testing.T) {
	t.Parallel()
	p := inDuckDB(t)
	project := activityProject(t, p)
	p.execute(t, "create schema given")
	for _, c := range []struct {
		name, values string
		want         int
	}{
		{"numbers", "values (0), (31), (32), (5), (5), (5), (-1), (-1), (-33), (-32), (null), (null)", 2},
		{"extremes", "values (9223372036854775807), (9223372036854775807), (-9223372036854775808), (-9223372036854775808), (0)", 2},
		{"none", "values (1), (2), (33), (-1), (-2), (null), (null)", 0},
		{"scattered", "select range * 7919 % 14001 - 7000 from range(20000)", 5999},
		{"wide", "values (170141183460469231731687303715884105727), (170141183460469231731687303715884105727), (1), (1)", 2},
		{"decimals", "values (1.4), (1.3), (1.4), (2.0)", 1},
		{"words", "values ('1'), ('01'), ('a'), ('a'), ('2'), ('2'), ('b'), (null)", 2},
		{"days", "values (date '2024-02-29'), (date '2024-02-29'), (date '2024-03-01')", 1},
	} {
		p.execute(t, "create table given."+c.name+" as from ("+c.values+") as v (n)")
		// A data test passes when it finds nothing.
		test := fmt.Sprintf(`{%% set ours, theirs = given_again('given.%[1]s', 'n'), default__given_again('given.%[1]s', 'n') %%}
(({{ ours }}) except ({{ theirs }})) union all (({{ theirs }}) except ({{ ours }}))
union all select null, count(*) from ({{ ours }}) as ours having count(*) <> %[2]d`, c.name, c.want)
		if err := os.WriteFile(filepath.Join(project, "tests", "given_"+c.name+".sql"), []byte(test), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, said := p.dbt(t, project, "test", "--select", "given_*"); code != exitOK {
		t.Errorf("exit %d, want everything that is given again to be found\n%s", code, said)
	}

	// The test of uniqueness is the one that uses it.
	p.execute(t, "insert into raw.patients from raw.patients limit 2")
	if code, said := p.dbt(t, project, "test", "--select", "source_unique_raw_patients_patient_id"); code != exitFailed {
		t.Errorf("a patient given twice: exit %d, want a failure\n%s", code, said)
	}
}
