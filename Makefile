# make run   : set up and start the service on http://127.0.0.1:8000
# make test  : lint, types and every test
# make bench : speed and memory    make quality : the ranking tables    make soak : long runs
# make lock : renew requirements.lock
.PHONY: setup run test lint types unit bench quality soak lock clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

setup: $(STAMP)

# One stamp: the environment is rebuilt when the locked list or the package's own metadata changes, else left alone.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

run: setup
	$(BIN)/kyodo serve

test: lint types unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

unit: setup
	$(BIN)/pytest -n 2 --dist loadfile

bench: setup
	$(BIN)/python -m models.bench

# Kills, mutilated files, load: some minutes.
soak: setup
	$(BIN)/pytest -m soak

quality: setup
	$(BIN)/python -m models.quality

# Needs uv. The list holds names, versions and hashes, never a registry's address.
lock:
	uv lock
	uv export --quiet --format requirements.txt --no-emit-project --all-groups --no-header -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
