# You need python3, git and make; everything else is installed in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The packages' bytecode, all of it at once: so the first start of each process is as fast as the second.
COMPILE ?= --compile-bytecode
# Use the machine's certificates, which may include a company's own authority.
export UV_SYSTEM_CERTS ?= true
# Images often forbid bytecode. Then each of hundreds of processes would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: pictures docs demo test test-fast check audit format lock clean bench bench-short bench-peers chaos reference mutate-guards fuzz blocks
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/runbook demo

test: $(READY)
	$(BIN)/pytest

# The unit tests: no servers, no processes, some 20 seconds on two cores.
test-fast: $(READY)
	$(BIN)/pytest tests/unit

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --site-dir $$(mktemp -d)
	$(BIN)/python .ci/audit

# The documentation as a site, in build/site. A link or an anchor that leads nowhere fails it; with --quiet, MkDocs would
# not count its warnings, and succeed.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Known vulnerabilities of the locked packages. If the advisory service cannot be reached, it says so and succeeds.
audit: $(READY)
	$(BIN)/python .ci/audit

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Regenerate the pages under docs/reference from the types and commands.
reference: $(READY)
	$(BIN)/runbook reference docs/reference

# Take the pictures of the docs anew, from what the browser tests see.
pictures: $(READY)
	mkdir -p docs/images
	RUNBOOK_PICTURES=docs/images $(BIN)/pytest -n 1 tests/browser/test_starting.py tests/browser/test_approving.py tests/browser/test_run_card.py tests/browser/test_stopping.py tests/browser/test_incidents.py tests/browser/test_pages.py tests/browser/test_library_pages.py

bench: $(READY)
	$(BIN)/python -m bench

# About a minute, as in CI: few samples, which show that the benches work and roughly where the figures are.
bench-short: $(READY)
	$(BIN)/python -m bench --quick

# Beside other systems, which are installed into an environment of their own.
PEERS := .venv-peers
bench-peers: $(READY) $(PEERS)/.ready
	$(BIN)/python -m bench peers --python $(PEERS)/bin/python

$(PEERS)/.ready: bench/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	VIRTUAL_ENV=$(PEERS) $(BIN)/uv pip install --quiet -r bench/peers/requirements.txt
	touch $@

# CHAOS: options, for example "--short" (as in CI), "--guards", "--only kill-at-point --kills 1000 --seed 1",
# "--only flushall --times 100", "--only restore --times 20", "--only postgres-stop --times 200", "--only decision-race --times 10000".
CHAOS ?=
chaos: $(READY)
	$(BIN)/python -m chaos $(CHAOS)

# Switch off each guard in a copy of the code: an attack test must fail. GUARDS: names; by default all.
GUARDS ?=
mutate-guards: $(READY)
	$(BIN)/python -m tests.attacks.mutate $(GUARDS)

# Fuzz every entry point for MINUTES. Fails on a 500, an answer after a second, or 400 MB of memory in web. CI: 0.03.
MINUTES ?= 10
FUZZ ?=
fuzz: $(READY)
	$(BIN)/python -m fuzz --minutes $(MINUTES) $(FUZZ)

# Make EXAMPLES messages and views with hostile texts in them. Fails on a block that Slack refuses, a ping, a link, formatting.
EXAMPLES ?= 10000
blocks: $(READY)
	$(BIN)/python -m tests.blocks --examples $(EXAMPLES)

lock: $(BIN)/uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --upgrade --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .runbook

$(READY): requirements.lock pyproject.toml | $(BIN)/uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet $(COMPILE) --require-hashes requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# uv is also in the lock, so that the sync keeps it.
$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "runbook needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
