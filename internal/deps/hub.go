package deps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// hubPackage is the hub's file of one package.
type hubPackage struct {
	Versions map[string]hubVersion `json:"versions"`
	// RedirectNamespace and RedirectName are where the package went.
	RedirectNamespace string `json:"redirectnamespace"`
	RedirectName      string `json:"redirectname"`
}

// hubVersion is one version of a package.
type hubVersion struct {
	Name      string          `json:"name"`
	Packages  json.RawMessage `json:"packages"`
	Requires  json.RawMessage `json:"require_dbt_version"` // a text, a list or null
	Downloads struct {
		Tarball string `json:"tarball"`
	} `json:"downloads"`
}

// needs are the packages that the version asks for.
func (v hubVersion) needs() ([]dbt.PackageSpec, error) {
	if len(v.Packages) == 0 {
		return nil, nil
	}
	return dbt.ReadPackages(slices.Concat([]byte(`{"packages": `), v.Packages, []byte("}")))
}

// supports reports a version that this dbt may use.
func (v hubVersion) supports(version dbt.VersionSpec) bool {
	if len(v.Requires) == 0 {
		return true
	}
	var many []string
	if json.Unmarshal(v.Requires, &many) != nil {
		var one string
		if json.Unmarshal(v.Requires, &one) != nil || one == "" {
			return true
		}
		many = []string{one}
	}
	bounds, err := dbt.ParseVersions(many)
	return err == nil && dbt.Allows(bounds, version)
}

// choose takes the newest version of a hub package that fits.
func (s *shop) choose(ctx context.Context, p *pinned) (hubVersion, error) {
	all, err := s.hubPackage(ctx, p.spec.Hub)
	if err != nil {
		return hubVersion{}, err
	}
	bounds, err := dbt.ParseVersions(p.spec.Versions)
	if err != nil {
		return hubVersion{}, fmt.Errorf("version error for package %s: %w", p.spec.Hub, err)
	}
	prerelease := p.spec.Prerelease || slices.ContainsFunc(bounds, dbt.VersionSpec.IsPrerelease)
	ours, _ := dbt.ParseVersion(dbt.Version)
	var installable []dbt.VersionSpec
	spelled := map[string]string{}
	for written, v := range all.Versions {
		version, err := dbt.ParseVersion(written)
		if err != nil || version.IsPrerelease() && !prerelease || !s.o.NoVersionCheck && !v.supports(ours) {
			continue
		}
		installable = append(installable, version)
		spelled[version.Number()] = written
	}
	slices.SortFunc(installable, dbt.VersionSpec.Compare)
	for _, v := range slices.Backward(installable) {
		if p.latest == "" {
			p.latest = spelled[v.Number()]
		}
		if dbt.Allows(bounds, v) {
			p.version = spelled[v.Number()]
			return all.Versions[p.version], nil
		}
	}
	var have []string
	for _, v := range installable {
		have = append(have, v.Number())
	}
	return hubVersion{}, fmt.Errorf("could not find a matching compatible version for package %s\n  Requested range: %s\n  Compatible versions: [%s]: %w",
		p.spec.Hub, strings.Join(p.spec.Versions, ", "), strings.Join(have, ", "), errNoVersion)
}

// hubPackage reads the hub's file of a package, once.
func (s *shop) hubPackage(ctx context.Context, name string) (*hubPackage, error) {
	if known := s.hub[name]; known != nil {
		return known, nil
	}
	if strings.Count(name, "/") != 1 || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("package %q is not of the form namespace/name", name)
	}
	if s.index == nil {
		var names []string
		if err := s.hubJSON(ctx, "index", &names); err != nil {
			return nil, err
		}
		s.index = map[string]bool{}
		for _, n := range names {
			s.index[n] = true
		}
	}
	if !s.index[name] {
		return nil, fmt.Errorf("package %s was not found in the package index", name)
	}
	p := &hubPackage{}
	if err := s.hubJSON(ctx, name, p); err != nil {
		return nil, err
	}
	if p.RedirectName != "" || p.RedirectNamespace != "" {
		namespace, plain, _ := strings.Cut(name, "/")
		if p.RedirectNamespace != "" {
			namespace = p.RedirectNamespace
		}
		if p.RedirectName != "" {
			plain = p.RedirectName
		}
		s.o.Warn(fmt.Sprintf("The `%s` package is deprecated in favor of `%s/%s`. Please update your `packages.yml` configuration to use `%s/%s` instead.",
			name, namespace, plain, namespace, plain))
	}
	s.hub[name] = p
	return p, nil
}

func (s *shop) hubJSON(ctx context.Context, name string, into any) error {
	var b bytes.Buffer
	address := strings.TrimSuffix(s.o.Hub, "/") + "/api/v1/" + name + ".json"
	if err := s.download(ctx, address, &b); err != nil {
		return &UnreachableError{Hub: s.o.Hub, cause: err}
	}
	if err := json.Unmarshal(b.Bytes(), into); err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	return nil
}

// UnreachableError says that the hub could not be asked.
type UnreachableError struct {
	Hub   string
	cause error
}

func (e *UnreachableError) Error() string { return "ask the package hub: " + e.cause.Error() }
func (e *UnreachableError) Unwrap() error { return e.cause }

// Hint is what helps where there is no network.
func (e *UnreachableError) Hint() string {
	return "without a network, copy the package's folder into dbt_packages/, or write `local: FOLDER` or `git: URL` for it in packages.yml; DBT_PACKAGE_HUB_URL names another hub"
}

const (
	tries        = 5
	downloadSize = 512 << 20
)

// download reads an address, several times if need be.
func (s *shop) download(ctx context.Context, address string, to *bytes.Buffer) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is not an address of the web", address)
	}
	for try := 1; ; try++ {
		to.Reset()
		again, err := s.get(ctx, address, to)
		if err == nil || !again || try == tries {
			return err
		}
		if err := s.o.Pause(ctx); err != nil {
			return err
		}
	}
}

// get reads an address once and says whether trying again may help.
func (s *shop) get(ctx context.Context, address string, to *bytes.Buffer) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, err
	}
	response, err := s.o.Client.Do(request)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests, fmt.Errorf("get %s: %s", address, response.Status)
	}
	n, err := to.ReadFrom(io.LimitReader(response.Body, downloadSize+1))
	if err == nil && n > downloadSize {
		return false, errors.New("get " + address + ": it is larger than any package")
	}
	return err != nil, err
}

// unpack downloads an archive and unpacks it into a folder of its own.
func (s *shop) unpack(ctx context.Context, address string) (string, error) {
	var b bytes.Buffer
	if err := s.download(ctx, address, &b); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(s.work, "tarball-")
	if err != nil {
		return "", fmt.Errorf("make download folder: %w", err)
	}
	return dir, untar(&b, dir)
}
