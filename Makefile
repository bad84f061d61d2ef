# Plain `make` prints what can be asked for.

PYTHON ?= python3
BIN = .venv/bin
JOBS ?= 2
PYTEST = $(BIN)/python -m pytest
SPREAD = -n $(JOBS) --dist loadgroup # the groups: tests/conftest.py
COVERED = --cov --cov-report= --cov-fail-under=0
NODE = PATH="$$($(CURDIR)/scripts/node-folder):$$PATH"

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL = help
.PHONY: help run test requirements lint types layers contract py js pg browser faults coverage properties bench format golden texts screenshots pictures clean

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 } /^## / { print "\n" substr($$0, 4) }' $(MAKEFILE_LIST)

## The two that matter

run: .venv/run ## demo shop, reports and all they need, on http://127.0.0.1:8000, with its data in var/
	@$(BIN)/tracker run --demo

test: requirements ## everything below up to coverage; what this machine lacks is named, and with CI=true a failure
	@scripts/test

## Parts of the test

lint: .venv/test ## style and formatting, by ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/test ## types, by mypy --strict
	@$(BIN)/mypy

layers: .venv/test ## who may import whom
	@$(BIN)/lint-imports --no-logo

contract: .venv/test ## the golden events and the page of the wire format say what the catalogue says
	@$(BIN)/python -m tracker.events.contract --check

py: .venv/test ## the Python tests, on SQLite
	@mkdir -p var/coverage
	@COVERAGE_FILE=var/coverage/py $(PYTEST) $(SPREAD) -m "not browser and not faults" $(COVERED)

js: .venv/test snippet/node_modules/.package-lock.json ## the snippet: types, size, tests
	@cd snippet && $(NODE) npm run --silent types && $(NODE) npm test --silent
	@rm -rf var/snippet && mkdir -p var && cd snippet && $(NODE) npm run --silent build -- ../var/snippet
	@diff -rq var/snippet tracker/static/snippet || { echo "what browsers get is stale: npm run build in snippet/"; exit 1; }

pg: .venv/test ## the Python tests that need a database, on PostgreSQL
	@TEST_DATABASE=postgresql $(PYTEST) $(SPREAD) -m "not browser and not faults"

browser: .venv/test ## a real browser walks through the demo shop
	@$(PYTEST) $(SPREAD) -m browser

faults: .venv/test ## killed processes, a stopped database, a full disk
	@$(PYTEST) -m faults

coverage: .venv/test ## how many lines of tracker/ the Python tests have run
	@$(BIN)/coverage report --data-file=var/coverage/py

## By hand

format: .venv/test ## write the Python files as `lint` wants them
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

golden: .venv/test ## write the golden events and the page of the wire format anew from the catalogue
	@$(BIN)/python -m tracker.events.contract

texts: .venv/test ## after a change of sentences: put the new ones into the files of Danish and Swedish, drop the old ones, compile
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F tracker/translations/babel.cfg -k N_ -k translate --no-location --sort-output -o build/messages.pot tracker
	@$(BIN)/pybabel -q update -i build/messages.pot -d tracker/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	@$(BIN)/pybabel -q compile -d tracker/translations
	@grep -n -B1 '^msgstr ""$$' tracker/translations/*/LC_MESSAGES/messages.po | grep -v 'msgid ""' | grep msgid || echo "nothing is left to translate"

properties: .venv/test ## the property tests of the pipeline with thousands of examples
	@PROPERTY_EXAMPLES=3000 $(PYTEST) -n $(JOBS) --timeout=7200 tests/pipeline/test_live_equals_rebuild.py

bench: .venv/test ## measure: requests, events, processor time, bytes, lag
	@$(BIN)/python -m bench.run

screenshots: .venv/test ## pictures of the demo shop and of every page, to look at, in var/screenshots/
	@$(BIN)/python scripts/screenshots.py

pictures: .venv/test ## the pictures in docs/pictures/ anew, from the demo data
	@$(BIN)/python scripts/screenshots.py --docs

clean: ## remove what was built and installed here; the data in var/ stays
	rm -rf .venv snippet/node_modules build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# --- what the above stand on

requirements: .venv/test
	@scripts/test-requirements

.venv/run: setup.cfg pyproject.toml scripts/venv
	@scripts/venv $(PYTHON)
	$(BIN)/pip install --quiet -e .
	@touch $@

.venv/test: .venv/run
	$(BIN)/pip install --quiet -e '.[test]'
	@touch $@

snippet/node_modules/.package-lock.json: snippet/package-lock.json
	cd snippet && $(NODE) npm ci --silent --no-audit --no-fund
	@touch $@
