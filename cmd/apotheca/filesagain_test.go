package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clinicDeclaration has a table that is replaced and one that takes in what is
// new and refers to it.
const clinicDeclaration = `name: clinic
source: csv
schema: raw
tables:
  - name: clinics
    key: [id]
    columns: [{name: id, type: integer, required: true}]
  - name: visits
    key: [id]
    watermark: at
    columns:
      - {name: id, type: integer, required: true}
      - {name: clinic, type: integer, references: clinics.id}
      - {name: minutes, type: integer, required: true}
      - {name: nth, type: integer}
      - {name: superseded, type: integer}
      - {name: at, type: timestamp, required: true, utc: true}
`

// clinicDay is what the files of one day hold.
type clinicDay struct {
	clinics []int
	visits  []visit
	// unreadable is how many rows of visits have no number where one must be.
	unreadable int
}

type visit struct {
	id, clinic, minutes int
	at                  int // minutes since the beginning
}

// randomDay has rows older than those of the days before, ids twice, clinics
// that are not there, and rows that do not read.
func randomDay(random *rand.Rand, day, rows int) clinicDay {
	d := clinicDay{clinics: []int{1, 2, 3}, unreadable: random.IntN(4)}
	for range rows {
		d.visits = append(d.visits, visit{
			id: random.IntN(rows), clinic: 1 + random.IntN(20)/6, minutes: random.IntN(3), at: day*40 + random.IntN(60),
		})
	}
	return d
}

func (d clinicDay) write(t *testing.T, dir string) []string {
	t.Helper()
	clinics, visits := "id\n", "id,clinic,minutes,nth,superseded,at\n"
	for _, id := range d.clinics {
		clinics += fmt.Sprintf("%d\n", id)
	}
	for range d.unreadable {
		visits += "7,1,,1,,2024-01-01 00:00:00\n"
	}
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var b strings.Builder
	for _, v := range d.visits {
		fmt.Fprintf(&b, "%d,%d,%d,1,,%s\n", v.id, v.clinic, v.minutes, begin.Add(time.Duration(v.at)*time.Minute).Format(time.DateTime))
	}
	writeText(t, filepath.Join(dir, "clinics.csv"), clinics)
	writeText(t, filepath.Join(dir, "visits.csv"), visits+b.String())
	return []string{"--clinics", filepath.Join(dir, "clinics.csv"), "--visits", filepath.Join(dir, "visits.csv")}
}

// load does by hand what a load of only what is new does to a table, and counts
// what it sets aside and passes over.
func (d clinicDay) load(table map[int]visit) (quarantined, superseded, notNew int) {
	floor := -1
	for _, v := range table {
		floor = max(floor, v.at)
	}
	quarantined = d.unreadable
	best := map[int]visit{}
	var fresh []visit
	for _, v := range d.visits {
		if v.at < floor {
			notNew++
			continue
		}
		fresh = append(fresh, v)
		if before, ok := best[v.id]; !ok || before.at < v.at {
			best[v.id] = v
		}
	}
	seen := map[int]bool{}
	for _, v := range fresh {
		switch winner := best[v.id]; {
		case v == winner && !seen[v.id]:
			seen[v.id] = true
		case v == winner, v.at < winner.at:
			superseded++
		default:
			quarantined++
		}
	}
	for id, v := range best {
		if slices.Contains(d.clinics, v.clinic) {
			table[id] = v
		} else {
			quarantined++
		}
	}
	return quarantined, superseded, notNew
}

// TestOnlyNewIsWhatItSays loads day after day, on both warehouses, and compares
// with what was worked out by hand. A run that stops changes nothing.
func TestOnlyNewIsWhatItSays(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p, files := fresh(t), t.TempDir()
		project := folderPipeline(t, clinicDeclaration, nil)
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		want := map[int]visit{}
		for day := range 4 {
			d := randomDay(random, day, 200)
			flags := append(d.write(t, files), "--only-new")
			if code, _, errs := p.runPipeline(t.Context(), "run", project, flags...); code != exitFailed || !strings.Contains(errs, " bad rows") {
				t.Fatalf("day %d: exit %d, want bad rows to stop the run\n%s", day, code, errs)
			}
			if day > 0 {
				comparePresent(t, p, want)
			}
			quarantined, superseded, notNew := d.load(want)
			if code, out, errs := p.runPipeline(t.Context(), "run", project, append(flags, "--on-bad-row", "quarantine")...); code != exitOK {
				t.Fatalf("day %d: exit %d\n%s\n%s", day, code, out, errs)
			}
			comparePresent(t, p, want)
			got := p.fetch(t, "select records, quarantined, superseded, not_new from raw.loaded_table where table_name = 'visits'")
			counts := [][]any{{int64(len(d.visits) + d.unreadable), int64(quarantined), int64(superseded), int64(notNew)}}
			if diff := cmp.Diff(counts, got); diff != "" {
				t.Errorf("day %d: records, quarantined, superseded, not new (-want +got):\n%s", day, diff)
			}
		}
	})
}

func comparePresent(t *testing.T, p place, want map[int]visit) {
	t.Helper()
	var rows []string
	for _, v := range want {
		rows = append(rows, fmt.Sprintf("%d %d %d", v.id, v.clinic, v.minutes))
	}
	var got []string
	for _, row := range p.fetch(t, "select id, clinic, minutes from raw.visits") {
		got = append(got, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
	}
	slices.Sort(rows)
	slices.Sort(got)
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("rows of visits (-want +got):\n%.1000s", diff)
	}
}

// TestFilesKilledAnywhere kills the program at random points of a run over
// files: between them, in the load, in the build. The tables are all of before
// the run or all of after it, and the same command completes.
func TestFilesKilledAnywhere(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p, files := fresh(t), t.TempDir()
		project := folderPipeline(t, clinicDeclaration, nil)
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		run := func(day, rows int) []string {
			return append(randomDay(random, day, rows).write(t, filepath.Join(files, fmt.Sprint(day))), "--on-bad-row", "quarantine")
		}
		rawNow := func() string {
			all := p.tables(t, "raw")
			return printedTables(all, "raw.clinics", "raw.visits", "raw.loaded_table")
		}
		mustEnd := func(flags []string) (string, time.Duration) {
			started := time.Now()
			if code, out, errs := p.runPipeline(t.Context(), "run", project, flags...); code != exitOK {
				t.Fatalf("exit %d\n%s\n%s", code, out, errs)
			}
			return rawNow(), time.Since(started)
		}
		first, second := run(0, 300), run(1, 10_000)
		after, within := mustEnd(second)
		before, _ := mustEnd(first)
		killed := 0
		for range 3 {
			child := p.childOf("run", project, second...)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(random.Int64N(int64(within)))) // not waiting for anything: the random point
			_ = child.Process.Kill()                                // it may have ended
			_ = child.Wait()
			if child.ProcessState.ExitCode() == -1 {
				killed++
			}
			if got := rawNow(); got != before && got != after {
				t.Error("the tables are neither those of before the run nor those of after it")
			}
			if got, _ := mustEnd(second); got != after {
				t.Error("the run after the kill gives other tables than an undisturbed one")
			}
			mustEnd(first)
		}
		t.Logf("%d of 3 were killed", killed)
	})
}

func printedTables(all map[string][]string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		rows := slices.Sorted(slices.Values(all[name]))
		b.WriteString(name + "\n" + strings.Join(rows, "\n") + "\n")
	}
	return b.String()
}

// childOf is a command of any pipeline in a process of its own.
func (p place) childOf(command, word string, flags ...string) *exec.Cmd {
	child := exec.Command(os.Args[0], append(append([]string{command, word}, p.flags()...), flags...)...)
	child.Env = append(os.Environ(), childVariable+"=1")
	if p.postgres != nil {
		for name, value := range variables(*p.postgres) {
			child.Env = append(child.Env, name+"="+value)
		}
	}
	return child
}
