package dbt

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// VersionSpec is one bound of a version, as packages and require-dbt-version
// write it: ">=1.2.0", "<2.0.0", "1.1.1".
type VersionSpec struct {
	matcher    string // =, >, >=, < or <=
	number     [3]int
	prerelease string
	build      string
}

var versionPattern = pattern(
	`^(>=|<=|>|<|=)?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(?:-?((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?` +
		`(?:\+([0-9A-Za-z-]*(?:\.[0-9A-Za-z-]*)*))?$`)

// ParseVersion reads one bound; without a sign it means that version alone.
func ParseVersion(s string) (VersionSpec, error) {
	m := versionPattern().FindStringSubmatch(s)
	if m == nil {
		return VersionSpec{}, fmt.Errorf("%q is not a valid semantic version", s)
	}
	v := VersionSpec{matcher: cmp.Or(m[1], "="), prerelease: m[5], build: m[6]}
	for i := range v.number {
		v.number[i], _ = strconv.Atoi(m[i+2])
	}
	return v, nil
}

// ParseVersions reads bounds, several of which may share one text at commas.
func ParseVersions(texts []string) ([]VersionSpec, error) {
	var out []VersionSpec
	for _, text := range texts {
		for _, one := range strings.Split(text, ",") {
			v, err := ParseVersion(strings.TrimSpace(one))
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, nil
}

func (v VersionSpec) String() string { return v.matcher + v.Number() }

// Number is the version without its sign.
func (v VersionSpec) Number() string {
	s := fmt.Sprintf("%d.%d.%d", v.number[0], v.number[1], v.number[2])
	if v.prerelease != "" {
		s += "-" + v.prerelease
	}
	if v.build != "" {
		s += "+" + v.build
	}
	return s
}

// IsPrerelease reports a version such as 1.0.0-rc1.
func (v VersionSpec) IsPrerelease() bool { return v.prerelease != "" }

// Compare orders versions, whatever their signs: a release comes after its own
// candidates.
func (v VersionSpec) Compare(w VersionSpec) int {
	if c := slices.Compare(v.number[:], w.number[:]); c != 0 {
		return c
	}
	switch {
	case v.prerelease == w.prerelease:
		return 0
	case v.prerelease == "":
		return 1
	case w.prerelease == "":
		return -1
	}
	return comparePrereleases(strings.Split(v.prerelease, "."), strings.Split(w.prerelease, "."))
}

// comparePrereleases compares part by part; numbers come before words.
func comparePrereleases(a, b []string) int {
	for i := range min(len(a), len(b)) {
		x, errX := strconv.Atoi(a[i])
		y, errY := strconv.Atoi(b[i])
		c := 0
		switch {
		case errX == nil && errY == nil:
			c = cmp.Compare(x, y)
		case errX == nil:
			c = -1
		case errY == nil:
			c = 1
		default:
			c = cmp.Compare(a[i], b[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Allows reports whether a version keeps all bounds. A candidate of a release
// that is the upper bound is beyond it: <2.0.0 does not allow 2.0.0-rc1.
func Allows(bounds []VersionSpec, v VersionSpec) bool {
	for _, b := range bounds {
		c := v.Compare(b)
		ok := true
		switch b.matcher {
		case "=":
			ok = c == 0
		case ">":
			ok = c > 0
		case ">=":
			ok = c >= 0
		case "<":
			ok = c < 0 && (b.IsPrerelease() || !v.IsPrerelease() || v.number != b.number)
		case "<=":
			ok = c <= 0
		}
		if !ok {
			return false
		}
	}
	return true
}
