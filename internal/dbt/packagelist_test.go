package dbt

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The hash is the one that dbt 1.10 wrote for this very list.
func TestPackageListHasDbtsHash(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"dbt_project.yml": {Data: []byte("name: shop\npackages-install-path: \"{{ env_var('INTO') }}\"\n")},
		"packages.yml": {Data: []byte(`packages:
  - {package: dbt-labs/dbt_utils, version: 1.1.1}
  - {package: a/b, version: [">=0.8.0", "<0.9.0"]}
  - {package: a/c, version: 1.0}
  - {git: "https://x/y.git", revision: 0.1.0, warn-unpinned: false}
  - {git: "https://x/z.git", subdirectory: q}
  - {local: ../x}
  - {tarball: "https://t/x.tar.gz", name: tb}
`)},
	}
	env := func(name string) (string, bool) { return "installed", name == "INTO" }
	list, err := PackageSource{FS: fsys, Env: env}.List()
	if err != nil {
		t.Fatal(err)
	}
	if want := "d328bf413a2a9d2ff838a2da7c252a34e3ada099"; list.Hash != want {
		t.Errorf("hash %s, want %s", list.Hash, want)
	}
	if list.InstallPath != "installed" {
		t.Errorf("install path %q", list.InstallPath)
	}
	want := PackageSpec{Git: "https://x/y.git", Written: "https://x/y.git", Revision: "0.1.0"}
	if diff := cmp.Diff(want, list.Packages[3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVersionsAsDbtOrdersThem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bounds  []string
		version string
		want    bool
	}{
		{[]string{">=1.0.0", "<2.0.0"}, "1.9.9", true},
		{[]string{">=1.0.0,<2.0.0"}, "2.0.0", false},
		{[]string{"<2.0.0"}, "2.0.0-rc1", false},
		{[]string{"<2.0.0-rc2"}, "2.0.0-rc1", true},
		{[]string{">1.0.0"}, "1.0.0", false},
		{[]string{"1.0.0"}, "1.0.0", true},
		{[]string{"=1.0.0-rc.2"}, "1.0.0-rc.10", false},
		{[]string{">1.0.0-rc.2"}, "1.0.0-rc.10", true},
		{[]string{">=1.0.0-b1"}, "1.0.0b1", true},
		{[]string{"<=1.10.0"}, "1.9.0", true},
		{nil, "0.0.1", true},
	}
	for _, test := range tests {
		bounds, err := ParseVersions(test.bounds)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseVersion(test.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := Allows(bounds, v); got != test.want {
			t.Errorf("Allows(%v, %s) = %t", test.bounds, test.version, got)
		}
	}
	for _, bad := range []string{"1.0", "==1.0.0", "01.0.0", "latest"} {
		if _, err := ParseVersion(bad); err == nil {
			t.Errorf("ParseVersion(%q) found nothing wrong", bad)
		}
	}
}
