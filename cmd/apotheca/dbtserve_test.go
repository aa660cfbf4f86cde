package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocsHandler(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"manifest.json": `{"nodes": {}}`, "secret.txt": "no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		docsHandler(dir).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	for _, tt := range []struct {
		path string
		code int
		want string
	}{
		{"/", http.StatusOK, "manifest.json"},
		{"/manifest.json", http.StatusOK, `{"nodes": {}}`},
		{"/catalog.json", http.StatusNotFound, ""},
		{"/secret.txt", http.StatusNotFound, ""},
	} {
		if code, body := get(tt.path); code != tt.code || !strings.Contains(body, tt.want) {
			t.Errorf("GET %s = %d %q, want %d with %q", tt.path, code, body, tt.code, tt.want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("dbt's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, body := get("/"); body != "dbt's own" {
		t.Errorf("GET / = %q, want the page of the target folder", body)
	}
}
