# The front door. Everything here is a thin call of cmake, ctest and the scripts in .ci/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
METRICS ?= 127.0.0.1:9640
BIN := build/release/bin
RUN := build/run
ARGS ?=

.PHONY: help build run test asan tsan bench fuzz soak lint format install clean deps-build deps-test deps-bench deps-lint

help: ## print this list
	@echo "belfry, a job scheduler daemon. Type:"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

deps-build deps-test deps-bench deps-lint: deps-%:
	@.ci/install-deps $*

build/release/build.ninja: | deps-build
	@cmake --preset release

build: deps-build build/release/build.ninja ## the programs: build/release/bin/{belfryd,belfry,belfry-exec,belfry-plugin,...}
	@cmake --build build/release --target programs

run: build ## run scheduler.yaml here, as a demonstration; Ctrl-C ends it
	@mkdir -p $(RUN)/state
	@echo
	@echo "belfryd runs ./scheduler.yaml; Ctrl-C ends it in order."
	@echo "  metrics   http://$(METRICS)/metrics"
	@echo "  results   ls $(RUN)/results          (files that the jobs write)"
	@echo "  ledger    $(RUN)/state             (what ran, when, how it ended)"
	@echo "In another terminal, type"
	@echo "  export BELFRY_SOCKET=$(CURDIR)/$(RUN)/belfry.sock PATH=$(CURDIR)/$(BIN):\$$PATH"
	@echo "  belfry list            then: belfry next, belfry history, belfry run host_stats --wait"
	@echo
	@exec $(BIN)/belfryd --config scheduler.yaml --state-dir $(RUN)/state --socket $(RUN)/belfry.sock \
	  --metrics $(METRICS) $(ARGS)

test: deps-test ## build all and run every test; last line: N passed, N failed
	@.ci/suite release $(ARGS)

asan: deps-test ## the same tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@.ci/suite asan $(ARGS)

tsan: deps-test ## the same tests with ThreadSanitizer
	@.ci/suite tsan $(ARGS)

bench: deps-bench build/release/build.ninja ## measure against the peers (see docs/performance.md)
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; } # finds peers that came later
	@cmake --build build/release --target programs benches
	@tests/bench/run $(ARGS)

fuzz: deps-test ## run every fuzz target for a minute (SECONDS_EACH=60)
	@.ci/fuzz $(or $(SECONDS_EACH),60)

soak: deps-test build/release/build.ninja ## kill belfryd a thousand times and judge its ledger (KILLS=1000, ARGS=--seed N)
	@cmake --build build/release --target programs belfryd_faulty truthful_job
	@tests/system/crash/crash_test.py --kills $(or $(KILLS),1000) $(ARGS)

lint: deps-lint build/release/build.ninja ## clang-tidy, clang-format, shellcheck; ARGS=--changed: changed files only
	@.ci/lint $(ARGS)

format: deps-lint ## clang-format over the tree
	@git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-19 -i

install: build ## install as a service (DESTDIR, PREFIX=/usr/local); then: systemctl enable --now belfryd
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

clean: ## remove what was built (the state of `make run` too)
	@rm -rf build
