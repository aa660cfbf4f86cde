# `make` or `make help` lists what there is.
.DEFAULT_GOAL := help
BIN := bin/apotheca
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the binary, in bin/
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/apotheca

static: ## a binary without shared libraries, in bin/
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION) -linkmode external -extldflags -static" -o $(BIN)-static ./cmd/apotheca

sample: ## the main job on 2,000 made-up studies
	scripts/sample

test: ## every check, as CI runs it
	scripts/test

update: ## rewrite what the txtar scripts expect to see
	UPDATE_SCRIPTS=1 go test ./cmd/apotheca -run TestScripts

bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem ./internal/...

bench-dbt: ## the dbt commands beside real dbt
	scripts/bench-dbt

bench-activity: ## patient-activity beside DuckDB alone
	scripts/bench-activity

fuzz: ## a minute for each fuzz target
	scripts/fuzz

lint: ## golangci-lint, when it is installed
	golangci-lint run

.PHONY: help build static sample test update bench bench-dbt bench-activity fuzz lint
