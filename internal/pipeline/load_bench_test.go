package pipeline_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"apotheca/internal/lake"
	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// BenchmarkLoadStaging loads real studies, repeated under new ids, and beside
// it lets DuckDB read the same studies from NDJSON into one nested table, the
// floor. Each load runs in a process of its own, whose peak resident memory is
// reported. DuckDB may hold 400 MB.
func BenchmarkLoadStaging(b *testing.B) {
	studies := realStudies(b)
	for _, count := range []int{2_000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("studies=%d", count), func(b *testing.B) {
			if testing.Short() && count > 2_000 {
				b.Skip("takes minutes; run without -short")
			}
			lakeFile, ndjson, size := benchStudies(b, studies, count)
			for _, load := range []string{"staging", "floor"} {
				b.Run(load, func(b *testing.B) {
					b.SetBytes(size)
					for b.Loop() {
						report := loadInChild(b, load, lakeFile, ndjson)
						b.ReportMetric(float64(report.PeakBytes)/1e6, "peak-MB")
						b.ReportMetric(float64(report.Rows)/report.Seconds, "rows/s")
						b.ReportMetric(report.Seconds, "s/load")
						b.ReportMetric(report.CPU, "cpu-s/load")
						b.ReportMetric(float64(size)/1e6/report.Seconds, "MB/s-load")
						b.Log(report.Detail)
					}
				})
			}
		})
	}
}

// benchStudies makes an extract of count studies in a lake, and the same
// studies as NDJSON. It returns the size of the JSON.
func benchStudies(b *testing.B, studies []string, count int) (lakeFile, ndjson string, size int64) {
	b.Helper()
	dir := b.TempDir()
	l := lake.Open(filepath.Join(dir, "lake"), lake.Options{})
	extract, err := l.Begin(lake.Build{Source: "bench"}, "")
	if err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "studies.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewWriter(file)
	const page = 1000
	for from := 0; from < count; from += page {
		p := lake.Page{Cursor: cursor(from), Next: cursor(from + page), Total: count, FetchedAt: time.Unix(1_800_000_000, 0)}
		if from+page >= count {
			p.Next = ""
		}
		for i := from; i < min(from+page, count); i++ {
			// A stride that shares no factor with the number of studies mixes them.
			study := studies[i*7919%len(studies)]
			id := studyRecord(b, 0, 0, study).nctID
			study = strings.ReplaceAll(study, id, fmt.Sprintf("NCT%08d", i+1))
			size += int64(len(study))
			p.Records = append(p.Records, json.RawMessage(study))
			fmt.Fprintln(lines, study)
		}
		if err := extract.Append(p); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(extract.Finish(), lines.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
	snapshot, err := l.Compact(b.Context(), extract.Manifest().ID, nil)
	if err != nil {
		b.Fatal(err)
	}
	return snapshot.Path, file.Name(), size
}

func cursor(from int) string {
	if from == 0 {
		return ""
	}
	return strconv.Itoa(from)
}

type childReport struct {
	Seconds   float64
	Stream    float64 // seconds from the first record to the last row, before the checks
	Rows      int64
	PeakBytes int64
	CPU       float64 // seconds, user and system
	Detail    string
}

const (
	childLoad = "APOTHECA_TEST_LOAD"
	childArgs = "APOTHECA_TEST_LOAD_ARGS"
)

// loadInChild runs one load in a process of its own: memory is a process's.
func loadInChild(b *testing.B, load, lakeFile, ndjson string) childReport {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestLoadChild$", "-test.v")
	cmd.Env = append(os.Environ(), childLoad+"="+load,
		childArgs+"="+strings.Join([]string{lakeFile, ndjson, b.TempDir()}, "\n"))
	return reportOf(b, cmd)
}

// reportOf runs a child and reads what it reports.
func reportOf(b *testing.B, child *exec.Cmd) childReport {
	b.Helper()
	out, err := child.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "report: ")
	text, _, _ = strings.Cut(text, "\n")
	var report childReport
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return report
}

func (r childReport) print(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("report: %s\n", text)
}

// TestLoadChild is not a test but the process that BenchmarkLoadStaging starts.
func TestLoadChild(t *testing.T) { //nolint:paralleltest // a process of its own
	load := os.Getenv(childLoad)
	if load == "" {
		t.Skip("only for BenchmarkLoadStaging")
	}
	args := strings.Split(os.Getenv(childArgs), "\n")
	lakeFile, ndjson, dir := args[0], args[1], args[2]
	w, err := duckdb.Open(t.Context(), duckdb.Options{
		Path: filepath.Join(dir, "warehouse.duckdb"), MemoryLimit: "400MB", RowGroupRows: 16_384, TempDirectory: filepath.Join(dir, "tmp"),
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var report childReport
	if load == "floor" {
		report.Rows = loadFloor(t, w, ndjson)
	} else {
		loaded, err := pipeline.LoadStaging(t.Context(), pipeline.StagingLoad{Warehouse: w, Spec: spec(t), Lake: lakeFile, Content: pipeline.Content{ExtractID: "bench"}})
		if err != nil {
			t.Fatal(err)
		}
		report.Detail = fmt.Sprintf("stream %.2fs, check %.2fs, swap %.2fs", loaded.Stream.Seconds(), loaded.Check.Seconds(), loaded.Swap.Seconds())
		for _, table := range loaded.Tables {
			report.Rows += table.Rows
			report.Detail += fmt.Sprintf(", %s %.2fs", table.Name, table.Duration.Seconds())
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	report.Seconds = time.Since(start).Seconds()
	report.PeakBytes, report.CPU = peakResident(t), cpuSeconds(t)
	report.print(t)
}

// mappedStruct is what the mapping reads of protocolSection, as DuckDB's type.
const mappedStruct = `
    identificationModule struct(nctId varchar, orgStudyIdInfo struct(id varchar), briefTitle varchar, officialTitle varchar, acronym varchar),
    descriptionModule struct(briefSummary varchar, detailedDescription varchar),
    statusModule struct(overallStatus varchar, lastKnownStatus varchar, whyStopped varchar, statusVerifiedDate varchar, startDateStruct struct("date" varchar, "type" varchar), primaryCompletionDateStruct struct("date" varchar, "type" varchar), completionDateStruct struct("date" varchar, "type" varchar), studyFirstPostDateStruct struct("date" varchar), lastUpdatePostDateStruct struct("date" varchar), expandedAccessInfo struct(hasExpandedAccess boolean)),
    designModule struct(studyType varchar, phases varchar[], designInfo struct(allocation varchar, interventionModel varchar, primaryPurpose varchar, observationalModel varchar, timePerspective varchar, maskingInfo struct(masking varchar, maskingDescription varchar)), patientRegistry boolean, targetDuration varchar, enrollmentInfo struct("count" bigint, "type" varchar)),
    eligibilityModule struct(eligibilityCriteria varchar, healthyVolunteers boolean, sex varchar, minimumAge varchar, maximumAge varchar),
    oversightModule struct(oversightHasDmc boolean, isFdaRegulatedDrug boolean, isFdaRegulatedDevice boolean),
    sponsorCollaboratorsModule struct(leadSponsor struct("name" varchar, "class" varchar), collaborators struct("name" varchar, "class" varchar)[]),
    conditionsModule struct(conditions varchar[]),
    armsInterventionsModule struct(interventions struct("type" varchar, "name" varchar, description varchar)[]),
    contactsLocationsModule struct(locations struct(facility varchar, status varchar, city varchar, state varchar, zip varchar, country varchar, geoPoint struct(lat double, lon double))[])`

func loadFloor(t *testing.T, w warehouse.Warehouse, ndjson string) int64 {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = conn.Exec(t.Context(), "create table studies as select * from read_ndjson("+
		warehouse.StringLiteral(ndjson)+", columns = {protocolSection: 'struct("+mappedStruct+")', hasResults: 'boolean'})")
	if err != nil {
		t.Fatal(err)
	}
	table, err := warehouse.Fetch(context.WithoutCancel(t.Context()), conn, 1, "select count(*) from studies")
	if err != nil {
		t.Fatal(err)
	}
	return table.Rows[0][0].(int64)
}

func cpuSeconds(t *testing.T) float64 {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func peakResident(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the system does not tell the peak memory")
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
