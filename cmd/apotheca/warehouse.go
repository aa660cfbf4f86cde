package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
	"apotheca/internal/warehouse/postgres"
)

// opener opens the warehouse of a target. A relative path is relative to base,
// as dbt has it: the folder of the project.
func opener(base, memoryLimit string) func(context.Context, dbt.Target) (warehouse.Warehouse, error) {
	return func(ctx context.Context, target dbt.Target) (warehouse.Warehouse, error) {
		switch target.Type {
		case "duckdb":
			if err := checkKeys(target, duckdbKeys); err != nil {
				return nil, err
			}
			path := text(target.Credentials.Get("path"))
			if path == ":memory:" {
				path = ""
			} else if !filepath.IsAbs(path) {
				path = filepath.Join(base, path)
			}
			return duckdb.Open(ctx, duckdb.Options{Path: path, MemoryLimit: memoryLimit})
		case "postgres":
			options, err := postgresOptions(target)
			if err != nil {
				return nil, err
			}
			return postgres.Open(ctx, options)
		default:
			return nil, usagef("target %s of profile %s is of type %q, which this version cannot open",
				target.Name, target.Profile, target.Type).
				hint("choose an output of type duckdb or postgres with --target")
		}
	}
}

// duckdbKeys are what an output of type duckdb may say. Others (attach,
// settings, extensions, …) would change what the models see, so that passing
// over them would give a result that real dbt does not.
var duckdbKeys = []string{"type", "path", "database", "schema", "threads", "retries"}

// postgresKeys are dbt's, and url.
var postgresKeys = []string{
	"type", "url", "host", "port", "user", "password", "pass", "dbname", "database", "schema", "threads",
	"sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "keepalives_idle", "retries",
	"search_path", "role", "application_name",
}

// postgresOptions are the credentials of an output. What it leaves out or
// empty, the PG* variables say.
func postgresOptions(target dbt.Target) (postgres.Options, error) {
	if err := checkKeys(target, postgresKeys); err != nil {
		return postgres.Options{}, err
	}
	var err error
	get := func(keys ...string) string {
		for _, key := range keys {
			if value := text(target.Credentials.Get(key)); value != "" {
				return value
			}
		}
		return ""
	}
	number := func(key string, most, otherwise int) int {
		value := get(key)
		if value == "" {
			return otherwise
		}
		n, bad := strconv.Atoi(value)
		if bad != nil || n < 0 || n > most {
			err = usagef("profiles.yml: profile %s, target %s: %s is %q, which is no number from 0 to %d",
				target.Profile, target.Name, key, value, most)
		}
		return n
	}
	const day = 24 * 60 * 60
	o := postgres.Options{
		URL:             get("url"),
		Host:            get("host"),
		Port:            uint16(number("port", 65535, 0)),
		User:            get("user"),
		Password:        get("password", "pass"),
		Database:        get("dbname", "database"),
		SSLMode:         get("sslmode"),
		SSLRootCert:     get("sslrootcert"),
		SSLCert:         get("sslcert"),
		SSLKey:          get("sslkey"),
		ConnectTimeout:  time.Duration(number("connect_timeout", day, 10)) * time.Second,
		KeepalivesIdle:  time.Duration(number("keepalives_idle", day, 0)) * time.Second,
		SearchPath:      get("search_path"),
		Role:            get("role"),
		ApplicationName: cmp.Or(get("application_name"), "apotheca"),
		Retries:         number("retries", 100, 1),
	}
	return o, err
}

// checkKeys refuses what a driver does not know.
func checkKeys(target dbt.Target, known []string) error {
	for _, key := range target.Credentials.Keys() {
		if name := fmt.Sprint(key); !slices.Contains(known, name) {
			return usagef("profiles.yml: profile %s, target %s: %q is not supported for %s", target.Profile, target.Name, name, target.Type).
				hint("it may say %s", strings.Join(known, ", "))
		}
	}
	return nil
}

func text(value any, found bool) string {
	if !found || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
