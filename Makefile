# Two commands do everything on a machine with Python, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: demo test lint types unit docs clean

demo: $(STAMP)
	rm -f report/run.sqlite*
	$(BIN)/loopbounds verify --quick --workers $(WORKERS) --out report

test: lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/pytest -n $(WORKERS)

docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	$(BIN)/python docs/generate.py
	$(BIN)/python -m sphinx -W --keep-going -j $(WORKERS) -q docs docs/build/html

# Debian's Python may lack ensurepip; virtualenv from pip serves there.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV) || ($(PYTHON) -m pip install --user --quiet virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) report build dist docs/build docs/notebooks .mypy_cache .ruff_cache .pytest_cache .hypothesis
