# make demo and make test do all the set-up on a machine that has Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh

.PHONY: demo test lint soak clean

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/ghostscan demo; code=$$?; \
	if [ $$code -eq 10 ]; then exit 0; fi; \
	echo "ghostscan demo ended with exit code $$code; 10 was expected" >&2; exit 1

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest --cov --cov-report=term --numprocesses=auto --dist=worksteal

soak: $(VENV)/.ready
	GHOSTSCAN_SOAK=1 FAULT_PAIRS=100000 $(BIN)/pytest tests/test_scim_churn.py tests/test_faults.py

clean:
	rm -rf $(VENV) dist .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
