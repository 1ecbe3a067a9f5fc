PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= crmkit-demo
# Tests wait for disks and servers: one worker more than there are cores keeps them busy.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
CONTRIB := plugins_contrib/crmkit-celery[redis] plugins_contrib/crmkit-apprise

.PHONY: demo test test-engines check bench wheel clean

# Run the whole cycle on the book that ships with crmkit, in ./crmkit-demo.
demo: $(VENV)/installed
	$(BIN)/crmkit demo --folder $(DEMO)

# The tests, on SQLite and, where a server listens, on PostgreSQL.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

# The features on SQLite, PostgreSQL, DuckDB and Spark (which needs Java 17 or newer).
test-engines: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group engines
	$(BIN)/python -m pytest tests/engines

# Style, types and import rules.
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The figures of benchmarks/RESULTS.md. Needs `pip install pandas django` for the peers.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks

wheel: $(VENV)/installed
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crmkit needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev $(CONTRIB:%=--editable %)
	touch $@
