# A fresh machine needs Python (with venv) and make; everything else goes into $(VENV).
# Every variable can be given on the command line: make test PYTHON=python3.13 ARGS="-k refresh"

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
# Where demo-services serves the second service.
ORDERS_PORT ?= 8001
# Processes that run tests side by side.
WORKERS ?= 2
# Where the built distributions go.
DIST ?= dist
# More arguments for pytest.
ARGS ?=

BIN = $(VENV)/bin
EXAMPLE = $(wildcard example_project)
# The drivers, only where the demo is to use PostgreSQL or Redis.
DEMO_DRIVERS = $(if $(filter postgres%,$(EXAMPLE_DATABASE_URL)),$(VENV)/.psycopg) \
	$(if $(EXAMPLE_REDIS_URL),$(VENV)/.redis)

.DEFAULT_GOAL := help
.PHONY: help test coverage mutation lint style layers types migrations format demo demo-services bench messages docs build clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target text; do printf '  make %-13s %s\n' "$$target" "$$text"; done

test: $(VENV)/.test ## Run the tests on SQLite and on each database server that answers
	$(BIN)/python -m tests.databases -n $(WORKERS) $(ARGS)

coverage: $(VENV)/.test ## Run the tests as above, show what lines and branches they miss; fails under 98 %
	$(BIN)/coverage erase
	$(BIN)/python -m tests.databases -n $(WORKERS) --cov --cov-append --cov-report= --cov-fail-under=0 $(ARGS)
	$(BIN)/coverage report

mutation: $(VENV)/.mutation ## Mutate what decides, and name what no test notices (ARGS="django_jwtauth.tokens*")
	nice $(BIN)/python tests/mutation/warm.py run --max-children $(WORKERS) $(ARGS)
	$(BIN)/python tests/mutation/warm.py results | sed '/: not checked$$/d'

lint: style layers types migrations ## Check style, layers, types and migrations

style: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev
	$(BIN)/mypy django_jwtauth tests benchmarks $(EXAMPLE)

migrations: $(VENV)/.dev
	$(BIN)/python -m django makemigrations --check --dry-run --settings tests.settings

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

demo: $(VENV)/.demo $(DEMO_DRIVERS) ## Serve the example project on http://127.0.0.1:8000 (PORT=… for another)
	$(BIN)/python example_project/manage.py demo $(HOST):$(PORT)

demo-services: $(VENV)/.demo $(DEMO_DRIVERS) $(VENV)/.redis ## Serve the example and a second service that trusts its tokens; needs Redis
	$(BIN)/python example_project/manage.py demo_services $(HOST):$(PORT) $(HOST):$(ORDERS_PORT)

bench: ## Measure beside the published peers, in .bench/ (ARGS=--quick, ARGS=growth); see docs/benchmarks.md
	$(PYTHON) -m benchmarks $(ARGS)

messages: $(VENV)/.test ## Bring the catalogues of translations up to date with the code
	$(BIN)/python -m tests.messages

docs: $(VENV)/.dev ## Build the documentation as a site into dist/docs/; a warning fails it
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env docs $(DIST)/docs

build: $(VENV)/.dev ## Build the wheel and the source distribution into dist/
	$(BIN)/python -m build --outdir $(DIST)

clean: ## Remove what the targets above have made
	rm -rf $(VENV) .bench .tox build dist htmlcov mutants .coverage .coverage.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -f example_project/*.sqlite3
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is younger than pyproject.toml as long as the environment holds what it asks for.
# Dependency groups need pip 25.1.
$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.psycopg: | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet "psycopg[binary]>=3.2"
	@touch $@

$(VENV)/.redis: | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet "redis>=5"
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable . --group test
	@touch $@

$(VENV)/.mutation: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable . --group mutation
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@
