package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
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

// access is how a warehouse is opened, whichever it is.
type access struct {
	base        string // the folder that a relative path in the profile is relative to
	memoryLimit string // of an embedded warehouse
	// rowGroupRows is how many rows an embedded warehouse gathers at once; 0 is
	// its own choice.
	rowGroupRows int
	readOnly     bool
	private      bool // no value of the data may be in an error
}

// opener opens the warehouse of a target. From then on nothing that is printed
// holds the target's passwords.
func (a *app) opener(how access) func(context.Context, dbt.Target) (warehouse.Warehouse, error) {
	return func(ctx context.Context, target dbt.Target) (warehouse.Warehouse, error) {
		a.hide(target.Secrets())
		switch target.Type {
		case "duckdb":
			o, err := duckdbOptions(target, how)
			if err != nil {
				return nil, err
			}
			return duckdb.Open(ctx, o)
		case "postgres":
			if err := checkKeys(target, postgresKeys); err != nil {
				return nil, err
			}
			o, err := postgresOptions(target)
			if err != nil {
				return nil, err
			}
			o.ReadOnly, o.Discreet = how.readOnly, how.private
			return postgres.Open(ctx, o)
		default:
			return nil, usagef("target %s of profile %s is of type %q, which this version cannot open",
				target.Name, target.Profile, target.Type).
				hint("choose an output of type duckdb or postgres with --target")
		}
	}
}

// postgresKeys are what an output may say. Others would change what the models
// see, so that passing over them would give a result that real dbt does not.
var postgresKeys = []string{
	"type", "host", "port", "user", "password", "pass", "dbname", "database", "schema", "threads",
	"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "keepalives_idle", "retries",
	"search_path", "role", "application_name", "url",
}

func checkKeys(target dbt.Target, known []string) error {
	for _, key := range target.Credentials.Keys() {
		if name := fmt.Sprint(key); !slices.Contains(known, name) {
			return usagef("profiles.yml: profile %s, target %s: %q is not supported for %s", target.Profile, target.Name, name, target.Type).
				hint("it may say %s", strings.Join(known, ", "))
		}
	}
	return nil
}

// duckdbPath is the file of a target, empty for one in memory.
func duckdbPath(target dbt.Target, base string) string {
	path := credential(target, "path")
	if path == ":memory:" || filepath.IsAbs(path) {
		return strings.TrimPrefix(path, ":memory:")
	}
	return filepath.Join(base, path)
}

// postgresOptions reads an output by dbt's names and defaults. What it leaves
// empty, the PG* variables say, as they do for every PostgreSQL program.
func postgresOptions(target dbt.Target) (postgres.Options, error) {
	var err error
	get := func(keys ...string) string { return credential(target, keys...) }
	number := func(key string, most, otherwise int) int {
		written := get(key)
		if written == "" {
			return otherwise
		}
		n, bad := strconv.Atoi(written)
		if bad != nil || n < 0 || n > most {
			err = usagef("profiles.yml: profile %s, target %s: %s is %q, which is no number from 0 to %d",
				target.Profile, target.Name, key, written, most)
		}
		return n
	}
	seconds := func(key string, otherwise int) time.Duration {
		return time.Duration(number(key, 24*60*60, otherwise)) * time.Second
	}
	return postgres.Options{
		Host: get("host"), Port: uint16(number("port", math.MaxUint16, 0)),
		User: get("user"), Password: get("password", "pass"), Database: get("dbname", "database"),
		SSLMode: get("sslmode"), SSLRootCert: get("sslrootcert"), SSLCert: get("sslcert"), SSLKey: get("sslkey"),
		ConnectTimeout: seconds("connect_timeout", 10), KeepalivesIdle: seconds("keepalives_idle", 0),
		SearchPath: get("search_path"), Role: get("role"),
		ApplicationName: cmp.Or(get("application_name"), "apotheca"),
		Retries:         number("retries", 100, 1),
	}, err
}

// credential is the first of these keys of the output that says something.
func credential(target dbt.Target, keys ...string) string {
	for _, key := range keys {
		if value, found := target.Credentials.Get(key); found && value != nil && value != "" {
			return fmt.Sprint(value)
		}
	}
	return ""
}
