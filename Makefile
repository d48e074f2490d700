# make run   : set up and start the service on http://127.0.0.1:8000
# make test  : lint, types and every test
# make bench : speed and memory    make quality : the ranking tables    make soak : long runs
# make test-embed : the tests of the sentence encoder, in an environment of their own
# make lock : renew the three locked lists
.PHONY: setup setup-test run test test-embed lint types unit bench quality soak lock clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
READY_TO_TEST := .venv/.ready-to-test
EMBED := .venv-embed/bin
EMBED_STAMP := .venv-embed/.ready
# By version alone: its builds for processors and for graphics cards differ in their hashes. pip takes the one it finds
# for this machine; another is given as TORCH=path/to/file.whl.
TORCH ?= torch==2.13.0

setup: $(READY)

# What running needs, and no more: of the libraries' own tests nothing is compiled, nor what is no Python 3. A stamp:
# renewed when the locked list or the package's own metadata changes.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	-$(BIN)/python -m compileall -q -q -x '/(tests|testing|pip|setuptools)/' .venv/lib
	touch $(READY)

setup-test: $(READY_TO_TEST)

# What testing, measuring and linting need besides.
$(READY_TO_TEST): $(READY) requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $(READY_TO_TEST)

run: setup
	$(BIN)/kyodo serve

test: lint types unit

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-test
	$(BIN)/mypy

unit: setup-test
	$(BIN)/pytest -n 2 --dist loadfile

# What PyTorch itself needs is in the locked list, so that only its own file comes without a hash.
$(EMBED_STAMP): requirements-embed.lock pyproject.toml
	$(PYTHON) -m venv .venv-embed
	$(EMBED)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-embed.lock
	$(EMBED)/pip install --quiet --disable-pip-version-check $(TORCH)
	$(EMBED)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(EMBED_STAMP)

test-embed: $(EMBED_STAMP)
	$(EMBED)/pytest -m embed

bench: setup-test
	$(BIN)/python -m api.bench
	$(BIN)/python -m api.load

# Kills, mutilated files, load: some minutes.
soak: setup-test
	$(BIN)/pytest -m soak

quality: setup-test
	$(BIN)/python -m models.quality

# Needs uv. The lists hold names, versions and hashes, never a registry's address.
lock:
	uv lock
	uv export --quiet --format requirements.txt --no-emit-project --no-default-groups --group setup --no-header \
		-o requirements.lock
	uv export --quiet --format requirements.txt --no-emit-project --all-groups --no-header -o requirements-test.lock
	uv export --quiet --format requirements.txt --no-emit-project --all-groups --no-header --extra embed \
		--no-emit-package torch -o requirements-embed.lock

clean:
	rm -rf .venv .venv-embed .mypy_cache .ruff_cache .pytest_cache .hypothesis
