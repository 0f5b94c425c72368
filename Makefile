# Thin, and documents itself: make help. Everything here works on a machine that has Go, gcc, g++, make and git; what else a
# target needs it installs with apt-get, or names.
.DEFAULT_GOAL := help
.PHONY: help build demo test check check-vault e2e bench fuzz golden lint dist setup setup-e2e clean

GO ?= go
SIZE ?= 1000
ENTRIES ?= 1000000
BIN := bin/auditpack
# -trimpath: the same sources give the same program wherever they lie.
BUILD := $(GO) build -trimpath

help: ## show this
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/:/' | column -t -s: 2>/dev/null || grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST)

build: ## build bin/auditpack
	$(BUILD) -o $(BIN) ./cmd/auditpack

demo: build ## run the whole job on the example company, in build/demo
	$(GO) run ./examples/demo -program $(BIN) -from examples/acme -in build/demo

test: ## unit, suite, golden and script tests
	$(GO) test -timeout 30m ./...

check-vault: build ## collect from a real Vault that runs in the test process (first build: 8 minutes)
	cd cmd/auditpack/e2e && AUDITPACK=$(CURDIR)/$(BIN) $(GO) test -count=1 -timeout 30m ./...

check: setup lint test check-vault ## linters and every test

e2e: setup-e2e build ## the demo, read with other people's tools; a hundred collections that are killed
	AUDITPACK=$(CURDIR)/$(BIN) $(GO) test -tags e2e -count=1 -timeout 30m ./examples/...
	AUDITPACK=$(CURDIR)/$(BIN) $(GO) test -tags e2e -count=1 -timeout 30m -run TestKilledWhileCollecting ./cmd/auditpack

bench: ## speed and memory as ratios in one run; SIZE=1000 is the log in MB (SIZE=10000: 10 GB, and as much room on the disk again), ENTRIES=1000000 what is assessed
	$(GO) run ./evidence/facts/bench -size $(SIZE)
	$(GO) run ./collectors/terraform/bench
	$(GO) run ./reports/assessment/bench -entries $(ENTRIES)
	$(GO) run ./evidence/filestore/bench -size $(SIZE)

fuzz: ## run every fuzz target for a while (FUZZTIME=30s)
	@for p in $$(grep -rl '^func Fuzz' --include=*_test.go . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$p/*_test.go | cut -c6-); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-30s} $$p || exit 1; done; done

golden: ## rewrite the golden files
	$(GO) test $$(grep -rl 'flag.Bool("update"' --include=*_test.go . | xargs -n1 dirname | sort -u) -update

lint: ## gofmt, vet, staticcheck, generated files
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt: the files above are not formatted; run gofmt -w"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

dist: ## build/dist: the program and its checksum
	mkdir -p build/dist
	$(BUILD) -ldflags '-s -w' -o build/dist/auditpack ./cmd/auditpack
	cd build/dist && sha256sum auditpack > SHA256SUMS

setup: ## install what the tests call: openssl, unzip
	@./.ci/need openssl:openssl unzip:unzip

setup-e2e: setup ## install what make e2e calls besides
	@./.ci/need jq:jq pdftotext:poppler-utils qpdf:qpdf soffice:libreoffice-calc-nogui node:nodejs npm:npm

clean: ## remove what was built
	rm -rf bin build
