# `make run` starts everything. `make` lists the rest.

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 3 --dist worksteal -rs

# The name of a Python that is not called python3: make run PYTHON=/opt/python3.11/bin/python3
export PYTHON

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run demo venv dev packages check check-fast test test-fast test-postgresql mutants bench lock messages

help:
	@echo 'make run       install what is needed and start everything; Ctrl-C stops it'
	@echo 'make demo      the same, for a look: a sample image is pulled, tagged and pushed, and nothing stays'
	@echo 'make test      the checks and all tests; as root on Debian it installs the packages that they need'
	@echo 'make test-fast the tests that start no program beside Redis: before each commit'
	@echo 'make mutants   break the code in some sixty places, and see whether a test notices'
	@echo 'make check     format, lint, types, templates, import order, migrations, lengths'
	@echo 'make bench     speed and memory of transfers, of the index and of the pages'
	@echo 'make dev       the environment for working on the code'
	@echo 'make lock      pin requirements.txt and requirements-dev.txt anew'
	@echo 'make messages  collect the texts for translators and compile what they wrote'

venv:
	@scripts/environment.sh requirements.txt

run: venv
	@exec $(BIN)/python -m registry_ui.supervisor

demo: venv
	@exec $(BIN)/python scripts/demo.py

dev:
	@scripts/environment.sh requirements-dev.txt

packages:
	@scripts/debian-packages.sh

check: dev check-fast
	$(BIN)/python -m mypy registry_ui transfers bench scripts manage.py
	$(BIN)/python -m djlint --check --lint --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run

# What takes seconds: before each commit.
check-fast:
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_lengths.py
	$(BIN)/python scripts/check_style.py

# The whole suite comes last, so that its closing line is the last one.
test: packages check test-postgresql
	$(PYTEST)

test-postgresql: dev
	REGISTRY_UI_TEST_DATABASE=postgresql $(PYTEST) --fast -m postgresql

test-fast: dev
	$(PYTEST) --fast

mutants: dev
	$(BIN)/python scripts/mutants.py

bench: dev packages
	$(BIN)/python -m bench

lock:
	@test -x .venv-tools/bin/uv || { python3 -m venv .venv-tools && .venv-tools/bin/python -m pip install --quiet uv; }
	.venv-tools/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements.in --output-file requirements.txt
	.venv-tools/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt

messages: dev
	$(BIN)/python manage.py makemessages --all --no-location
	$(BIN)/python manage.py compilemessages
