package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"apotheca/internal/pipeline"
	"apotheca/internal/source"
)

// registrySource is what a run of a pipeline of a registry reads, and how a
// person would say it. The sample registry lives until leave is called.
func (a *app) registrySource(c config, d *declared, f *runFlags, from pipeline.Stage) (g *pipeline.Registry, reading string, leave func(), err error) {
	rate, err := parseRate(c.Registry.Rate)
	if err != nil {
		return nil, "", nil, err
	}
	if c.Registry.PageSize < 1 || c.Registry.PageSize > 1000 {
		return nil, "", nil, usagef("page size %d is not between 1 and 1000", c.Registry.PageSize).hint("--page-size 1000")
	}
	if err := checkBaseURL(c.Registry.BaseURL); err != nil {
		return nil, "", nil, err
	}
	proxy, err := parseProxy(c.Registry.Proxy)
	if err != nil {
		return nil, "", nil, err
	}
	spec, err := readSpec(d)
	if err != nil {
		return nil, "", nil, err
	}
	g = &pipeline.Registry{
		Client: source.CTGovOptions{
			BaseURL:   c.Registry.BaseURL,
			UserAgent: c.Registry.UserAgent,
			Proxy:     proxy,
			PageSize:  c.Registry.PageSize,
			Timeout:   a.timeout,
		},
		Retry: a.retry, Rate: rate, Name: c.Registry.BaseURL, Spec: spec, Schema: d.Schema,
	}
	if f.sample == "" || from != pipeline.Extract {
		return g, g.Client.BaseURL, func() {}, nil
	}
	sample, err := a.startSample(f.sample)
	if err != nil {
		return nil, "", nil, err
	}
	g.Client.BaseURL = sample.url
	g.Name = "sample registry of " + f.sample + " studies" // its port changes
	n, _ := strconv.Atoi(f.sample)
	return g, fmt.Sprintf("the bundled sample registry, %s made-up studies (%s)", pipeline.Grouped(n), sample.url), sample.close, nil
}

// checkBaseURL refuses a password in the address: the address is printed, logged
// and recorded with the extract.
func checkBaseURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		if strings.Contains(text, "@") {
			text = "with an @"
		}
		return usagef("base URL %q is not an http or https address", text).
			hint("--base-url %s", defaultConfig().Registry.BaseURL)
	}
	if u.User != nil {
		return usagef("the base URL carries a user or a password, which would end up in logs").
			hint("--base-url %s://%s%s", u.Scheme, u.Host, u.Path)
	}
	return nil
}
