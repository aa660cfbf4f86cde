package dbt_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	"apotheca/internal/dbt"
	"apotheca/internal/dbt/dbttest"
)

// BenchmarkLoad reads projects of several sizes.
func BenchmarkLoad(b *testing.B) {
	for _, models := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(models), func(b *testing.B) {
			fsys := madeUp(b, models)
			b.ReportAllocs()
			for b.Loop() {
				loadMadeUp(b, fsys)
			}
			perModel(b, models)
		})
	}
}

// BenchmarkCompile compiles every node of a loaded project.
func BenchmarkCompile(b *testing.B) {
	const models = 1_000
	p := loadMadeUp(b, madeUp(b, models))
	b.ReportAllocs()
	for b.Loop() {
		for id, n := range p.Nodes {
			if _, err := p.CompileWith(context.Background(), n, nil, dbt.Overrides{IsIncremental: new(bool)}); err != nil {
				b.Fatalf("Compile(%s): %v", id, err)
			}
		}
	}
	perModel(b, models)
}

// BenchmarkWriteManifest writes the manifest of a loaded project.
func BenchmarkWriteManifest(b *testing.B) {
	const models = 1_000
	p := loadMadeUp(b, madeUp(b, models))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.WriteManifest(io.Discard, nil); err != nil {
			b.Fatal(err)
		}
	}
	perModel(b, models)
}

func madeUp(b *testing.B, models int) fs.FS {
	b.Helper()
	dir := b.TempDir()
	if err := dbttest.Write(dir, models); err != nil {
		b.Fatal(err)
	}
	return os.DirFS(dir)
}

func loadMadeUp(b *testing.B, fsys fs.FS) *dbt.Project {
	b.Helper()
	p, err := dbt.Load(dbt.Options{FS: fsys})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func perModel(b *testing.B, models int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(models), "µs/model")
}
