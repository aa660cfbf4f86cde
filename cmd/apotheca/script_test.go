package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

// server is the PostgreSQL of all tests here; each has its own database in it.
// By its socket it lets everyone in, by TCP with a password.
var server = postgrestest.Shared(postgrestest.TCP(), postgrestest.Access(`
local all all trust
host  all all 127.0.0.1/32 scram-sha-256`))

// TestMain lets scripts call the program by its name; it then runs in a
// process of its own, with real signals, exit codes and locks.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(testsWithServer{m}, map[string]func(){
		"dbt": func() {
			os.Exit(runDBT(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
		"apotheca": func() {
			os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// testsWithServer stops the server after the last test.
type testsWithServer struct{ *testing.M }

func (m testsWithServer) Run() int {
	defer server.Stop()
	return m.M.Run()
}

// childVariable turns the test binary into the program.
const childVariable = "APOTHECA_TEST_CHILD"

// TestScripts runs testdata/script: what users see, one behaviour a file.
// UPDATE_SCRIPTS=1 rewrites the expected output. Beside testscript's own
// commands there are
//
//	postgres         makes a database and points the PG* variables at it
//	sql 'statement'  runs there as the superuser
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"postgres": func(ts *testscript.TestScript, _ bool, _ []string) {
				for name, value := range variables(server.Database(t)) {
					ts.Setenv(name, value)
				}
			},
			"sql": func(ts *testscript.TestScript, _ bool, args []string) {
				o := server.Options()
				o.Database = ts.Getenv("PGDATABASE")
				for _, statement := range args {
					ts.Check(execute(t.Context(), o, statement))
				}
			},
		},
	})
}

// variables lead a PostgreSQL program to a database.
func variables(o postgres.Options) map[string]string {
	return map[string]string{"PGHOST": o.Host, "PGPORT": fmt.Sprint(o.Port), "PGUSER": o.User, "PGDATABASE": o.Database}
}

// execute runs a statement in a session of its own.
func execute(ctx context.Context, o postgres.Options, statement string) error {
	w, err := postgres.Open(ctx, o)
	if err != nil {
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Exec(ctx, statement)
	return err
}
