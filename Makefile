# One command for each thing a person wants; set-up is done once and skipped afterwards.
#   make chat       install, build the index, open the page
#   make test       install, then every check
#   make eval       measure the answers and write a report
#   make bench      measure speed and memory
#   make test-long  the long forms of the tests
#   make lint       format and types only

VENV ?= .venv
BIN := $(VENV)/bin
# the first Python that is new enough; PYTHON=... chooses another
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python,$(shell \
	command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

.PHONY: chat test eval bench test-long lint clean

chat: $(VENV)/.installed
	$(BIN)/mcof ingest
	$(BIN)/mcof serve

test: lint
	$(BIN)/pytest

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

eval: $(VENV)/.installed
	$(BIN)/mcof ingest
	$(BIN)/mcof eval run --baselines

bench: $(VENV)/.installed
	$(BIN)/python -m bench

test-long: $(VENV)/.installed-test
	$(BIN)/pytest -m slow

clean:
	rm -rf $(VENV) .mcof build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python"; exit 3; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The Python module venv is missing; on Debian: apt-get install python3-venv"; exit 3; }
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --editable '.[test]'
	@touch $@
