# Two commands do everything on a machine with Python, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.installed
TOOLS := $(VENV)/.installed-tools
WORKERS ?= 2

.PHONY: demo test lint types unit docs clean

demo: $(CORE)
	rm -f report/run.sqlite*
	$(BIN)/loopbounds verify --quick --workers $(WORKERS) --out report

test: lint types unit

lint: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TOOLS)
	$(BIN)/mypy

unit: $(TOOLS)
	$(BIN)/pytest -n $(WORKERS)

docs: $(TOOLS)
	$(BIN)/python docs/generate.py
	$(BIN)/python -m sphinx -W --keep-going -j $(WORKERS) -q docs docs/build/html

# Debian's Python may lack ensurepip; virtualenv from pip serves there.
$(CORE): pyproject.toml
	$(PYTHON) -m venv $(VENV) || ($(PYTHON) -m pip install --user --quiet virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $(CORE)

$(TOOLS): $(CORE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,dev,docs,notebooks,dask]'
	touch $(TOOLS)

clean:
	rm -rf $(VENV) report build dist docs/build docs/notebooks .mypy_cache .ruff_cache .pytest_cache .hypothesis
