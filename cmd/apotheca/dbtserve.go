package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

// docsPage shows manifest.json and catalog.json. It is our own: the site that
// dbt writes is not ours to give away.
//
//go:embed docs/index.html
var docsPage []byte

// serveFlags are those of docs serve.
type serveFlags struct {
	host string
	port int
}

func (a *app) dbtServeCommand(f *dbtFlags) *cobra.Command {
	own := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show what docs generate wrote in a browser",
		Long: `Serves manifest.json and catalog.json over HTTP with a page that shows them. A
target/index.html that is there, as dbt writes it, is shown instead.`,
		Args: noNodes,
		RunE: a.dbtRun(f, "serve", func(ctx context.Context, i *invocation, _ []string) error { return i.serveDocs(ctx, own) }),
	}
	cmd.Flags().StringVar(&own.host, "host", "127.0.0.1", "`address` to listen on")
	cmd.Flags().IntVar(&own.port, "port", 8080, "`port` to listen on")
	pair(cmd.Flags(), new(bool), "browser", "", "")
	return cmd
}

// serveDocs serves until the command is interrupted.
func (i *invocation) serveDocs(ctx context.Context, f *serveFlags) error {
	if err := i.begin(); err != nil {
		return err
	}
	folders, err := dbt.ReadFolders(os.DirFS(i.dir))
	if err != nil {
		return &userError{message: err.Error(), code: exitUsage, cause: err}
	}
	dir := i.targetPath
	if dir == "" {
		dir = filepath.Join(i.dir, folders.Target)
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		return usagef("%s has no manifest.json to show", dir).hint("apotheca dbt docs generate writes it")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(f.host, strconv.Itoa(f.port)))
	if err != nil {
		return &userError{message: err.Error(), advice: "--port chooses another port", code: exitUsage, cause: err}
	}
	server := &http.Server{Handler: docsHandler(dir), ReadHeaderTimeout: 10 * time.Second}
	text := fmt.Sprintf("Serving docs at http://%s", listener.Addr())
	i.console.Tell(build.Line{Name: "ServingDocs", Text: text})
	i.console.Say("Press Ctrl+C to exit.")
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// docsHandler serves the artifacts of a target folder and the page, and nothing
// else of it.
func docsHandler(dir string) http.Handler {
	mux := http.NewServeMux()
	for _, name := range []string{"manifest.json", "catalog.json", "run_results.json", "sources.json", "semantic_manifest.json"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(dir, name)) })
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			page = docsPage
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // the browser is gone then
	})
	return mux
}
