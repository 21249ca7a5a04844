# make demo and make test do all the set-up on a machine that has Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh

SERVERS := tests/servers

.PHONY: bench demo test lint servers fuzz soak mutation clean

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

# SCIM servers from PyPI and npm that the tests read, apart from what ghostscan itself needs.
servers: $(SERVERS)/.venv/current/.ready $(SERVERS)/.venv/older/.ready $(SERVERS)/.venv/node.ready

$(SERVERS)/.venv/%/.ready: $(SERVERS)/requirements-%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(SERVERS)/.venv/node.ready: $(SERVERS)/package.json $(SERVERS)/package-lock.json
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
	  (cd $(SERVERS) && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch $@; \
	else echo "npm is not installed; the servers that need Node.js are skipped"; fi

test: lint servers
	$(BIN)/pytest --cov --cov-report=term --numprocesses=auto --dist=worksteal

soak: $(VENV)/.ready
	GHOSTSCAN_SOAK=1 FAULT_PAIRS=100000 $(BIN)/pytest tests/test_scim_churn.py tests/test_large_read.py tests/test_faults.py tests/test_remediation_machine.py tests/test_reconcile_generated.py tests/test_reconcile_golden.py tests/test_reconcile_properties.py tests/test_reconcile_spark.py

# Wrong versions of the reconciler's queries and functions, so many at random (0: all). What nothing
# noticed ends it, unless tests/mutation/survivors.toml says why. With the same figures, and RESUME=1,
# a run that was stopped goes on from there.
QUERY_MUTANTS ?= 150
FUNCTION_MUTANTS ?= 60
MUTATION_SEED ?= 0
MUTATE := $(BIN)/python -m tests.mutation.run

$(VENV)/.mutation: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,mutation]'
	@touch $@

mutation: $(VENV)/.mutation
	@if [ -z "$(RESUME)" ]; then rm -rf .mutation; fi
	$(MUTATE) queries --sample $(QUERY_MUTANTS) --seed $(MUTATION_SEED) --journal .mutation/queries.ndjson
	$(MUTATE) functions --sample $(FUNCTION_MUTANTS) --seed $(MUTATION_SEED) --journal .mutation/functions.ndjson

# Each target for FUZZ_SECONDS; a finding ends it and says where the input is.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= json page wait walk link

$(VENV)/.fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,fuzz]'
	@touch $@

fuzz: $(VENV)/.fuzz
	@for target in $(FUZZ_TARGETS); do \
	  echo "fuzz: $$target for $(FUZZ_SECONDS) s"; \
	  $(BIN)/python -m tests.fuzz.run $$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	    -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 || exit 1; \
	done

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $@

bench: $(VENV)/.bench
	$(BIN)/python tests/bench/reconcile.py

clean:
	rm -rf $(VENV) $(SERVERS)/.venv $(SERVERS)/node_modules .fuzz .mutation dist .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
