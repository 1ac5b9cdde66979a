# `make quickstart` does the main job, `make test` runs the tests; both install what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUTPUT ?= runs/quickstart
PROCESSES ?= 3
STUDENT ?= runs/quickstart/exported/bilstm-crf

export HF_HUB_OFFLINE ?= 1

.PHONY: install quickstart test attack check lint types format package lowest docs pictures browser clean

install: $(STAMP)

# torch first and by its exact version: left to other packages, pip takes gigabytes of CUDA.
$(STAMP): pyproject.toml teacher/pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable teacher --editable '.[dev]'
	touch $@

quickstart: install
	$(BIN)/distilgliner quickstart --output $(OUTPUT)

test: install
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile

# Every attack on stored data, students, configurations and full disks; `make test` makes a sample.
attack: install
	$(BIN)/python tests/faults/attack.py

# Runs the tutorials as they stand; the outputs that their pages show are then today's. ARGS=--check
# writes nothing, and fails where they show something else.
tutorials: install
	$(BIN)/python tests/docs/tutorials.py $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

check: lint types test

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Both wheels; the runtime one in a bare environment: what it takes, and that it predicts.
package: install
	$(BIN)/python benchmarks/package/package.py

# A student with the lowest versions that pyproject.toml allows, in an environment of its own.
lowest:
	$(PYTHON) tests/lowest.py build/lowest

# The documentation as a site, in build/site. Strict: a dead link or a page without a place ends it.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "The site is build/site/index.html"

# The pictures in docs/images: the report, the page and the committed numbers; needs Chromium.
pictures: install
	$(BIN)/python docs/building/pictures.py

# The live demo with an exported student, as static files in browser/dist.
browser: browser/node_modules/.package-lock.json
	npm --prefix browser run --silent build -- --student $(abspath $(STUDENT))

browser/node_modules/.package-lock.json: browser/package-lock.json
	npm --prefix browser ci
	touch $@

clean:
	rm -rf $(VENV) runs build dist src/*.egg-info
