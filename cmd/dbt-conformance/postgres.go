package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

// postgreSQL gives each side a database of the same name, on one server; what
// a side leaves is renamed, with the target in its name.
type postgreSQL struct {
	server postgres.Options
	target string
}

const database = "conformance"

// newPostgreSQL uses the server of a URL, or starts one that ends with stop.
func newPostgreSQL(ctx context.Context, address, target string) (p *postgreSQL, stop func(), err error) {
	if address == "" {
		s := postgrestest.Shared()
		if err := s.Run(ctx); err != nil {
			return nil, nil, err
		}
		return &postgreSQL{server: s.Options(), target: target}, s.Stop, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, errors.New("--postgres is no URL: postgres://user@host:port/database")
	}
	o := postgres.Options{Host: u.Hostname(), User: u.User.Username(), Database: u.Path[min(1, len(u.Path)):], SSLMode: "disable"}
	o.Password, _ = u.User.Password()
	if folder := u.Query().Get("host"); folder != "" {
		o.Host = folder
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return nil, nil, fmt.Errorf("--postgres: port %q: %w", u.Port(), err)
		}
		o.Port = uint16(port)
	}
	return &postgreSQL{server: o, target: target}, func() {}, nil
}

func (p *postgreSQL) Begin(ctx context.Context, _ string) (map[string]any, error) {
	if err := p.admin(ctx, drop(database), "create database "+database); err != nil {
		return nil, err
	}
	port := int(p.server.Port)
	if port == 0 {
		port = 5432
	}
	return map[string]any{
		"type": "postgres", "host": p.server.Host, "port": port, "user": p.server.User,
		"password": p.server.Password, "dbname": database,
	}, nil
}

func (p *postgreSQL) End(ctx context.Context, side string) error {
	return p.admin(ctx, drop(p.aside(side)), "alter database "+database+" rename to "+quoted(p.aside(side)))
}

func (p *postgreSQL) Open(ctx context.Context, side, _ string) (warehouse.Warehouse, error) {
	return p.open(ctx, p.aside(side))
}

func (p *postgreSQL) Current(ctx context.Context) (warehouse.Warehouse, error) {
	return p.open(ctx, database)
}

func (p *postgreSQL) aside(side string) string { return p.target + " " + side }

func (p *postgreSQL) open(ctx context.Context, name string) (warehouse.Warehouse, error) {
	o := p.server
	o.Database = name
	return postgres.Open(ctx, o)
}

func (p *postgreSQL) admin(ctx context.Context, statements ...string) error {
	w, err := postgres.Open(ctx, p.server)
	if err != nil {
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	for _, sql := range statements {
		if _, err = conn.Exec(ctx, sql); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(), w.Close())
}

func drop(name string) string { return "drop database if exists " + quoted(name) + " with (force)" }

func quoted(name string) string { return postgres.Dialect().Quote(name) }
