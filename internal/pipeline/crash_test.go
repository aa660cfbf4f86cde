package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"apotheca/internal/lake"
	"apotheca/internal/source"
)

// childDir and childURL turn this test binary into a process that extracts.
const childDir, childURL = "PIPELINE_TEST_DIR", "PIPELINE_TEST_URL"

// TestExtractSurvivesBeingKilled kills processes that extract and compact, at
// random points, and starts them again until the extract is done; and all this
// until 60 were killed, half of them while pages were read and half while
// shards were compacted.
func TestExtractSurvivesBeingKilled(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		extractInChild(t, dir, os.Getenv(childURL))
		return
	}
	t.Parallel()
	const kills = 60
	r, url := sample(t, 240, "")
	want := undisturbed(t, r)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)

	reading, compacting, extracts := 0, 0, 0
	for reading < kills/2 || compacting < kills/2 {
		extracts++
		dir := t.TempDir()
		for start := 1; ; start++ {
			if start > 100 {
				t.Fatal("the extract does not come to its end")
			}
			k := never
			switch then := time.Duration(random.IntN(3000)) * time.Microsecond; {
			case start > 8: // it lived long enough
			case reading <= compacting:
				k = killing{pages: random.IntN(8), groups: never.groups, then: then}
			default:
				k = killing{pages: never.pages, groups: random.IntN(25), then: then}
			}
			stage, err := runChild(t, dir, url, k)
			if err != nil {
				t.Fatal(err)
			}
			readable(t, dir, want)
			if stage == "done" {
				break
			}
			if stage == "read" {
				reading++
			} else {
				compacting++
			}
		}
		finished(t, dir, want, r.Studies())
	}
	t.Logf("%d kills while reading, %d while compacting, %d extracts", reading, compacting, extracts)
}

// killing says when a child dies: a moment after it told of so many pages read
// by itself, of 12, or so many row groups compacted, of 12 written and then 12
// read back.
type killing struct {
	pages, groups int
	then          time.Duration
}

var never = killing{pages: 1 << 30, groups: 1 << 30}

// runChild runs a process until it ends or is killed, and says what it was
// doing then.
func runChild(t *testing.T, dir, url string, k killing) (stage string, err error) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestExtractSurvivesBeingKilled$")
	child.Env = append(os.Environ(), childDir+"="+dir, childURL+"="+url)
	out, err := child.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := child.Start(); err != nil {
		return "", err
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait() // killed, or its last line said what became of it
	}()
	pages, groups := 0, 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch lines.Text() {
		case "begin":
			stage = "read"
		case "page":
			pages++
		case "compact":
			stage = "compact"
		case "group":
			groups++
		case "done":
			return "done", nil
		default:
			rest, _ := io.ReadAll(out) // to explain a failed child
			return "", fmt.Errorf("child: %s\n%s", lines.Text(), rest)
		}
		if stage == "read" && pages >= k.pages || stage == "compact" && groups >= k.groups {
			time.Sleep(k.then) // not waiting for anything: the random point
			if err := child.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return "", err
			}
			return stage, nil
		}
	}
	return "", fmt.Errorf("child ended without a word: %v", lines.Err())
}

func extractInChild(t *testing.T, dir, url string) {
	l := lake.Open(dir, lake.Options{})
	lock, err := l.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	client, err := source.NewCTGov(source.CTGovOptions{BaseURL: url, PageSize: 20})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("begin")
	s, err := Extraction{
		Lake: l, Client: client, Source: "sample", Pace: source.PaceOptions{Limit: -1},
		Report: func(ExtractEvent) { fmt.Println("page") },
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("compact")
	if _, err := l.Compact(t.Context(), s.ID, func(int, int) { fmt.Println("group") }); err != nil {
		t.Fatal(err)
	}
	fmt.Println("done")
	os.Exit(0)
}

// readable checks the state that a killed process leaves.
func readable(t *testing.T, dir, want string) {
	t.Helper()
	snapshots, err := lake.Open(dir, lake.Options{}).Snapshots()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range snapshots {
		if s.Loadable() && s.Compacted.Digest != want {
			t.Fatal("a loadable extract is not the one read in peace")
		}
	}
}

// finished checks the extract of a process that came to its end. A process
// that was killed after its work was done leaves a finished extract, and the
// next one reads another.
func finished(t *testing.T, dir, want string, studies int) {
	t.Helper()
	l := lake.Open(dir, lake.Options{})
	s, err := l.Latest()
	if err != nil {
		t.Fatal(err)
	}
	if s.Compacted.Digest != want || s.Studies != studies || s.Compacted.Rows != studies {
		t.Fatalf("%d studies in %d rows, digest %s; want %d, %s",
			s.Studies, s.Compacted.Rows, s.Compacted.Digest, studies, want)
	}
}
