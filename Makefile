# From a bare machine with Python 3.11 and make: every target first makes .venv, and starts what it needs.
PYTHON ?=
RUN := .venv/bin/python
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help environment demo up down status test lint bench cluster

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

environment: ## make .venv from requirements.lock, if it is not that already
	@sh deploy/local/environment.sh

demo: environment ## drive the stack through every door, and show what happened; starts and ends it if it is not up
	@$(RUN) -m deploy.local demo

up: environment ## start broker, database, stand-in upstreams, pools, API and Flower; print where they are
	@$(RUN) -m deploy.local up

down: environment ## end all of that; data stay in .millrace
	@$(RUN) -m deploy.local down

status: environment ## show each program of the stack
	@$(RUN) -m deploy.local status

lint: environment ## ruff, mypy and the import rules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

# Tests mostly wait for real processes, so three at a time keep two cores busy; each has a broker and a database of its own.
test: lint ## lint, then every test, on services started for it
	$(RUN) -m pytest -n 3 --dist loadfile --durations 15

cluster: environment ## three nodes, 20,000 messages, nodes killed: what is lost or repeated, and how long it takes
	@$(RUN) -m tests.cluster

bench: environment ## measure the figures of docs/performance.md again
	@$(RUN) -m tests.bench
