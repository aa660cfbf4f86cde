// Activity-bench times `apotheca run patient-activity`, with every contract,
// constraint and test, beside DuckDB that reads the same made-up files by
// read_csv and computes the same answer by one SQL. Both run in processes of
// their own, on the same machine, in turn; that they give the same answer is
// checked. It prints one Markdown table, or JSON.
//
//	activity-bench --apotheca bin/apotheca --rows 12000,10000000
//
// scripts/bench-activity builds what it needs and calls it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"apotheca/internal/activity"
)

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	apotheca, rows, dir string
	repeat              int
	json                bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	set := flag.NewFlagSet("activity-bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.apotheca, "apotheca", "bin/apotheca", "the `program` to measure")
	set.StringVar(&f.rows, "rows", "12000,1000000,10000000", "numbers of step rows")
	set.StringVar(&f.dir, "dir", os.TempDir(), "`folder` for the files; 100,000,000 rows take 21 GB")
	set.IntVar(&f.repeat, "repeat", 3, "runs of each, of which the best counts; of 100,000,000 rows and more one")
	set.BoolVar(&f.json, "json", false, "print a JSON object for every size instead of the table")
	var err error
	switch {
	case len(args) == 2 && args[0] == rivalCommand:
		err = printRivalAnswer(ctx, args[1], stdout)
	case set.Parse(args) != nil || set.NArg() > 0:
		fmt.Fprintln(stderr, "hint: activity-bench -help lists the flags")
		return exitUsage
	default:
		err = f.measure(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return exitFailed
	}
	return exitOK
}

func (f flags) measure(ctx context.Context, stdout, stderr io.Writer) error {
	sizes, err := f.sizes()
	if err != nil {
		return err
	}
	apotheca, err := filepath.Abs(f.apotheca)
	if err != nil {
		return fmt.Errorf("find %s: %w", f.apotheca, err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	b := &bench{apotheca: apotheca, self: self, progress: stderr}
	if !f.json {
		fmt.Fprintln(stdout, tableHead)
	}
	for _, rows := range sizes {
		r, err := f.measureSize(ctx, b, rows)
		if err != nil {
			return err
		}
		if !f.json {
			fmt.Fprintln(stdout, r)
		} else if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
	}
	return nil
}

// measureSize measures in a folder of its own, which is gone afterwards.
func (f flags) measureSize(ctx context.Context, b *bench, rows int) (r result, err error) {
	if b.dir, err = os.MkdirTemp(f.dir, "activity-bench-"); err != nil {
		return result{}, fmt.Errorf("make a folder for the files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	repeat := f.repeat
	if rows >= large {
		repeat = 1
	}
	return b.measure(ctx, rows, repeat)
}

func (f flags) sizes() ([]int, error) {
	var sizes []int
	for size := range strings.SplitSeq(f.rows, ",") {
		rows, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || rows < activity.RowsMin {
			return nil, fmt.Errorf("--rows %q: %q is no number of step rows (%d or more)", f.rows, size, activity.RowsMin)
		}
		sizes = append(sizes, rows)
	}
	if f.repeat < 1 {
		return nil, fmt.Errorf("--repeat %d: at least one run is needed", f.repeat)
	}
	return sizes, nil
}
