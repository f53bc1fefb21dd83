# `make demo` and `make test` install what is missing by themselves; `make` alone lists the targets.

BIN := .venv/bin

# One thread per process (tests and sweeps bring their own parallelism), figures without a display.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MPLBACKEND := Agg

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-lowest lint netlists bench claims clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (ngspice, .venv, this package)
	@sh scripts/bootstrap.sh

demo: setup ## train Iris in ngspice, results in runs/demo
	$(BIN)/tcl-circuits train iris --engine ngspice --seed 0 --out runs/demo --force

test: lint ## lint, types and the quick tests
	$(BIN)/pytest -n 2

test-all: lint ## the same with the slow tests
	$(BIN)/pytest -n 2 -m ""

LOWEST := .venv-lowest/bin
test-lowest: ## a core of the tests with the lowest versions in pyproject.toml, in .venv-lowest
	python3 -m venv --clear .venv-lowest
	$(LOWEST)/python scripts/lowest.py > .venv-lowest/constraints.txt
	$(LOWEST)/python -m pip install --quiet --disable-pip-version-check -c .venv-lowest/constraints.txt \
		-e '.[fast,dask]' pytest hypothesis psutil
	sh scripts/core.sh $(LOWEST)

lint: setup ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

netlists: setup ## write the committed netlists anew
	$(BIN)/python netlists/generate.py

bench: setup ## run the benchmarks
	$(BIN)/python benchmarks/run.py

claims: setup ## measure README's table on ten seeds (hours; goes on where it stopped)
	nice -n 10 $(BIN)/python benchmarks/claims.py

clean: ## remove caches, builds and runs/demo; .venv and other runs stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info runs/demo
	find . -name .venv -prune -o -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
