package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"apotheca/internal/pipeline"
)

// configName is the configuration file looked for in the working folder.
const configName = "apotheca.yml"

// config is the configuration file. All of it is optional; flags win over it.
type config struct {
	Dir      string         `yaml:"dir"`
	Projects string         `yaml:"projects"`
	Target   string         `yaml:"target"`
	Registry registryConfig `yaml:"registry"`
	Keep     keepConfig     `yaml:"keep"`
	Threads  int            `yaml:"threads"`
	Memory   string         `yaml:"memory_limit"`
}

// registryConfig says how to reach the registry.
type registryConfig struct {
	BaseURL   string `yaml:"base_url"`
	UserAgent string `yaml:"user_agent"`
	Proxy     string `yaml:"proxy"`
	PageSize  int    `yaml:"page_size"`
	Rate      string `yaml:"rate"`
}

// keepConfig says how much of the past is kept.
type keepConfig struct {
	Extracts int `yaml:"extracts"`
	Runs     int `yaml:"runs"`
}

func defaultConfig() config {
	return config{
		Dir:     "apotheca-data",
		Keep:    keepConfig{Extracts: 3, Runs: 1000},
		Threads: 4,
		Memory:  "400MB",
		Registry: registryConfig{
			BaseURL:   "https://clinicaltrials.gov/api/v2",
			UserAgent: "apotheca/" + version,
			PageSize:  1000,
			Rate:      "50/1m",
		},
	}
}

// readConfig reads apotheca.yml of the working folder, if there is one.
// Relative folders in it are relative to the file.
func readConfig() (config, error) {
	c := defaultConfig()
	text, err := os.ReadFile(configName)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read %s: %w", configName, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil {
		return c, usagef("%s: %s", configName, strings.TrimPrefix(err.Error(), "yaml: ")).
			hint("apotheca init DIR writes a %s that lists every setting", configName)
	}
	return c, nil
}

// with lays the flags --dir and --target over the file, where they were given.
func (c config) with(cmd *cobra.Command, dir, target string) config {
	if cmd.Flags().Changed("dir") {
		c.Dir = dir
	}
	if cmd.Flags().Changed("target") {
		c.Target = target
	}
	return c
}

// projectFS is where the project of a pipeline is read from: the folder the
// configuration names, else what is embedded. The label is what errors print.
func (c config) projectFS(embedded fs.FS, name string) (files fs.FS, label string, err error) {
	if c.Projects == "" {
		files, err = fs.Sub(embedded, name)
		return files, "built-in:" + name, err
	}
	dir := filepath.Join(c.Projects, name)
	if _, err := os.Stat(filepath.Join(dir, "dbt_project.yml")); err != nil {
		return nil, "", usagef("%s: projects: %s has no dbt_project.yml", configName, dir).
			hint("apotheca init DIR writes the built-in projects out")
	}
	return os.DirFS(dir), dir, nil
}

// parseRate reads "50/1m". "0" takes the limit off.
func parseRate(text string) (pipeline.Rate, error) {
	bad := usagef("rate %q is not a number of requests and a window", text).
		hint("write it as --rate 50/1m; --rate 0 takes the limit off")
	if text == "0" {
		return pipeline.Rate{Requests: -1}, nil
	}
	count, window, found := strings.Cut(text, "/")
	if !found {
		return pipeline.Rate{}, bad
	}
	var r pipeline.Rate
	if _, err := fmt.Sscanf(count, "%d", &r.Requests); err != nil || fmt.Sprint(r.Requests) != count || r.Requests < 1 {
		return pipeline.Rate{}, bad
	}
	var err error
	if r.Window, err = time.ParseDuration(window); err != nil || r.Window <= 0 {
		return pipeline.Rate{}, bad
	}
	return r, nil
}

// parseProxy chooses the proxy that was named, or the environment's.
func parseProxy(text string) (func(*http.Request) (*url.URL, error), error) {
	if text == "" {
		return http.ProxyFromEnvironment, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, usagef("proxy %q is not an address", text).hint("--proxy http://gateway.example.org:3128")
	}
	return http.ProxyURL(u), nil
}
