package deps

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// archive is a compressed archive of the given files.
func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hub serves two packages: tools in several versions, which asks for base.
func hub(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/api/v1/index.json", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `["acme/tools", "acme/base"]`) })
	version := func(name, version, extra string) string {
		return fmt.Sprintf(`%q: {"name": %q, "packages": [%s], "downloads": {"tarball": "%s/%s-%s.tar.gz"}}`, version, name, extra, server.URL, name, version)
	}
	needsBase := `{"package": "acme/base", "version": [">=1.0.0", "<2.0.0"]}`
	mux.HandleFunc("/api/v1/acme/tools.json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"name": "tools", "versions": {%s, %s, %s, "9.0.0": {"name": "tools", "packages": [], "require_dbt_version": [">=9.0.0"], "downloads": {}}}}`,
			version("tools", "1.0.0", needsBase), version("tools", "1.10.0", needsBase), version("tools", "2.0.0-rc1", ""))
	})
	mux.HandleFunc("/api/v1/acme/base.json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"name": "base", "versions": {%s, %s}}`, version("base", "1.2.0", ""), version("base", "2.0.0", ""))
	})
	failures := 2
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if failures > 0 { // a hub has bad moments
			failures--
			http.Error(w, "later", http.StatusBadGateway)
			return
		}
		name, version, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".tar.gz"), "-")
		w.Write(archive(t, name+"-main/dbt_project.yml", "name: "+name+"\nversion: "+version+"\n", name+"-main/macros/m.sql", "-- "+version))
	})
	return server
}

// project is a folder with these packages; it returns what Install said.
func install(t *testing.T, dir, packages string, change func(*Options)) (string, error) {
	t.Helper()
	if packages != "" {
		write(t, dir, "dbt_project.yml", "name: shop")
		write(t, dir, "packages.yml", packages)
	}
	var said strings.Builder
	o := Options{Dir: dir, Log: func(m string) { said.WriteString(m + "\n") }, Warn: func(m string) { said.WriteString("! " + m + "\n") },
		Pause: func(context.Context) error { return nil }}
	if change != nil {
		change(&o)
	}
	err := Install(t.Context(), o)
	return strings.ReplaceAll(said.String(), dir, "DIR"), err
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHubPackagesAndWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), hub(t)
	withHub := func(o *Options) { o.Hub = server.URL + "/" }
	said, err := install(t, dir, "packages: [{package: acme/tools, version: [\">=1.0.0\"]}]", withHub)
	if err != nil {
		t.Fatal(err)
	}
	want := `Updating lock file in file path: DIR/package-lock.yml
Installing acme/tools
Installed from version 1.10.0
Up to date!
Installing acme/base
Installed from version 1.2.0
Updated version available: 2.0.0

Updates available for packages: ['acme/base']
Update your versions in packages.yml, then run dbt deps
`
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantLock := `packages:
  - name: tools
    package: acme/tools
    version: 1.10.0
  - name: base
    package: acme/base
    version: 1.2.0
sha1_hash: `
	if got := read(t, dir, "package-lock.yml"); !strings.HasPrefix(got, wantLock) {
		t.Errorf("lock file:\n%s", got)
	}
	if got := read(t, dir, "dbt_packages", "base", "macros", "m.sql"); got != "-- 1.2.0" {
		t.Errorf("installed %q", got)
	}

	// The lock file holds until the list changes, or an upgrade is asked for.
	lock := strings.ReplaceAll(read(t, dir, "package-lock.yml"), "1.10.0", "1.0.0")
	write(t, dir, "package-lock.yml", lock)
	if _, err := install(t, dir, "", withHub); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "dbt_packages", "tools", "macros", "m.sql"); got != "-- 1.0.0" {
		t.Errorf("the lock file says 1.0.0, installed %q", got)
	}
	if _, err := install(t, dir, "", func(o *Options) { withHub(o); o.Upgrade, o.LockOnly = true, true }); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "package-lock.yml"); !strings.HasPrefix(got, wantLock) {
		t.Errorf("lock file after an upgrade:\n%s", got)
	}
	if got := read(t, dir, "dbt_packages", "tools", "macros", "m.sql"); got != "-- 1.0.0" {
		t.Errorf("--lock installed %q", got)
	}
}

func TestHubMistakes(t *testing.T) {
	t.Parallel()
	server := hub(t)
	for _, test := range []struct{ packages, want string }{
		{"packages: [{package: acme/none, version: 1.0.0}]", "package acme/none was not found in the package index"},
		{"packages: [{package: acme/tools, version: 3.0.0}]", "could not find a matching compatible version for package acme/tools\n  Requested range: 3.0.0\n  Compatible versions: [1.0.0, 1.10.0]"},
		{"packages: [{package: acme/tools, version: [\">=1.0.0\", \"<1.0.0\"]}]", "could not find a matching compatible version"},
		{"packages: [{package: acme/tools}]", "acme/tools is missing the version"},
		{"packages: [{package: ../x/y, version: 1.0.0}]", "is not of the form namespace/name"},
		{"packages: [{private: a/b}]", `cannot resolve private package a/b`},
	} {
		_, err := install(t, t.TempDir(), test.packages, func(o *Options) { o.Hub = server.URL })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.packages, err, test.want)
		}
	}
	_, err := install(t, t.TempDir(), "packages: [{package: acme/tools, version: 1.0.0}]", func(o *Options) { o.Hub = "http://127.0.0.1:1/" })
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("error %v, want an UnreachableError", err)
	}
}

func TestLocalPackagesAreLinked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "helpers/dbt_project.yml", "name: helpers")
	said, err := install(t, dir, "packages: [{local: ./helpers}]", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Installing ./helpers\nInstalled from <local @ ./helpers>\n"; !strings.HasSuffix(said, want) {
		t.Errorf("said %q", said)
	}
	write(t, dir, "helpers/macros/new.sql", "later")
	if got := read(t, dir, "dbt_packages", "helpers", "macros", "new.sql"); got != "later" {
		t.Errorf("got %q", got)
	}
	write(t, dir, "helpers/dbt_project.yml", "name: shop")
	if _, err := install(t, dir, "packages: [{local: ./helpers, name: x}]", nil); err == nil || !strings.Contains(err.Error(), `the same name as the root project "shop"`) {
		t.Errorf("error %v", err)
	}
	if got := read(t, dir, "dbt_packages", "helpers", "macros", "new.sql"); got != "later" {
		t.Errorf("a failed install changed what was installed: %q", got)
	}
}

func TestGitPackagesArePinnedToTheirCommit(t *testing.T) {
	t.Parallel()
	dir, repo := t.TempDir(), t.TempDir()
	commit := func(content string, more ...string) string {
		write(t, repo, "sub/dbt_project.yml", "name: helpers\n# "+content)
		run := func(args ...string) string {
			c := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo, "-c", "user.name=n", "-c", "user.email=n@example.org"}, args...)...)
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
			return strings.TrimSpace(string(out))
		}
		if _, err := os.Stat(filepath.Join(repo, ".git")); err != nil {
			run("init", "--quiet")
		}
		run("add", ".")
		run("commit", "--quiet", "-m", content)
		if len(more) > 0 {
			run(more...)
		}
		return run("rev-parse", "HEAD")
	}
	first := commit("first", "tag", "v1")
	second := commit("second")
	address := "file://" + repo
	for _, test := range []struct{ extra, commit, said string }{
		{"revision: v1, ", first, ""},
		{"", second, "is not pinned, using HEAD (default branch)"},
		{"revision: " + first + ", ", first, ""},
	} {
		said, err := install(t, dir, fmt.Sprintf("packages: [{git: %q, %ssubdirectory: sub}]", address, test.extra), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("packages:\n  - git: %s\n    name: helpers\n    revision: %s\n    subdirectory: sub\n", address, test.commit)
		if got := read(t, dir, "package-lock.yml"); !strings.HasPrefix(got, want) {
			t.Errorf("lock file:\n%s\nwant:\n%s", got, want)
		}
		if !strings.Contains(said, test.said) {
			t.Errorf("said %q, want %q", said, test.said)
		}
	}
	if got := read(t, dir, "dbt_packages", "helpers", "dbt_project.yml"); !strings.Contains(got, "first") {
		t.Errorf("installed %q", got)
	}
	if _, err := install(t, dir, fmt.Sprintf("packages: [{git: %q, revision: v9}]", address), nil); err == nil || !strings.Contains(err.Error(), "spec='v9'") {
		t.Errorf("error %v", err)
	}
}

// An archive of a stranger must not write anywhere else.
func TestArchivesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"parent":    archive(t, "p/dbt_project.yml", "name: p", "p/../../evil", "x"),
		"absolute":  archive(t, "/tmp/evil", "x"),
		"two":       archive(t, "p/dbt_project.yml", "name: p", "q/x", "x"),
		"no folder": archive(t, "dbt_project.yml", "name: p"),
		"no gzip":   []byte("PK"),
		"empty":     archive(t),
	} {
		if err := untar(bytes.NewReader(content), t.TempDir()); err == nil {
			t.Errorf("%s: unpacked", name)
		}
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	outside := t.TempDir()
	for _, h := range []*tar.Header{
		{Name: "p/link", Typeflag: tar.TypeSymlink, Linkname: outside},
		{Name: "p/link/evil", Typeflag: tar.TypeReg, Mode: 0o644},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	if err := untar(&b, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if found, _ := os.ReadDir(outside); len(found) > 0 {
		t.Errorf("a link led out of the folder: %v", found)
	}
}

func TestInstallFolderIsNeverTheProject(t *testing.T) {
	t.Parallel()
	for _, into := range []string{".", "..", "/tmp", "models"} {
		dir := t.TempDir()
		write(t, dir, "dbt_project.yml", "name: shop\npackages-install-path: "+into)
		write(t, dir, "models/dbt_project.yml", "name: x")
		if err := Install(t.Context(), Options{Dir: dir}); err == nil {
			t.Errorf("%s was replaced", into)
		}
	}
}

func TestAddPackageKeepsTheFile(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), hub(t)
	said, err := install(t, dir, "# ours\npackages:\n  - package: acme/base # old\n    version: 1.2.0\n", func(o *Options) {
		o.Hub, o.LockOnly = server.URL, true
		o.Add = &Addition{Package: "acme/tools", Version: ">=1.0.0,<2.0.0"}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(said, "Added new package acme/tools@>=1.0.0,<2.0.0 to DIR/packages.yml\n") {
		t.Errorf("said %q", said)
	}
	got := read(t, dir, "packages.yml")
	for _, want := range []string{"# ours", "acme/base # old", "- package: acme/tools", ">=1.0.0"} {
		if !strings.Contains(got, want) {
			t.Errorf("packages.yml has no %q:\n%s", want, got)
		}
	}
}
