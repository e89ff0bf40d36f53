# `make` lists what there is. On a fresh Debian 12 machine with Swift, `make demo` and `make test` are all one needs.
.DEFAULT_GOAL := help
SHELL := bash
CHECK := --explicit-target-dependency-import-check error

.PHONY: help setup build demo test soak fuzz bench lint format arrows parity docs ci clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: ## installs the Debian packages that are missing
	@scripts/setup

build: setup ## builds everything for debugging
	swift build $(CHECK) --build-tests

demo: setup ## shows two people in an audio and a video call, in half a minute
	swift build -c release --product kandy
	.build/release/kandy demo

test: setup ## runs all tests: machines, routes, scenarios, live media, and the executable from outside
	@SECONDS=0; set -ex; \
	swift build $(CHECK) --build-tests; \
	swift test $(CHECK) --skip-build; \
	scripts/console-tests; \
	{ set +x; } 2>/dev/null; echo "make test took $$((SECONDS / 60)) min $$((SECONDS % 60)) s (CONTRIBUTING.md: at most 15 min)"

soak: setup ## runs the tests that take longer, at most half an hour, and builds the fuzz targets
	swift build $(CHECK) --build-tests
	@SECONDS=0; set -ex; \
	KANDY_SOAK=1 timeout 30m swift test $(CHECK) --skip-build --filter Soak; \
	{ set +x; } 2>/dev/null; echo "make soak took $$((SECONDS / 60)) min $$((SECONDS % 60)) s (at most 30 min)"
	swift build -c release --package-path Fuzz

FUZZ_SECONDS ?= 60

fuzz: ## looks for texts that break the parsers, a minute for each
	scripts/fuzz $(FUZZ_SECONDS)

bench: setup ## measures, and writes Benchmarks/RESULTS.md; half an hour with the first build
	scripts/bench

lint: ## checks formatting, module arrows and generated documents
	swift format lint --strict --recursive --parallel Sources Tests Package.swift Fuzz/Sources Fuzz/Package.swift \
	  Benchmarks/Benchmarks Benchmarks/Package.swift
	scripts/arrows
	scripts/parity --check

format: ## formats the sources in place
	swift format --in-place --recursive --parallel Sources Tests Package.swift Fuzz/Sources Fuzz/Package.swift \
	  Benchmarks/Benchmarks Benchmarks/Package.swift

arrows: ## checks that modules import only what the house allows
	scripts/arrows

parity: ## writes docs/api-parity.md anew
	scripts/parity

ci: ## what CI runs
	bash .ci/run

clean: ## removes what was built
	swift package clean
