# `make help` lists what there is. Every verb sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help setup repro test test-cluster test-fast test-long lint count format bench ui up down deploy audit clean constraints

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv and install the pinned versions

# torch goes first and pinned: a range met later would pull a CUDA build of several gigabytes.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) pip==25.3
	$(PIP) --constraint constraints.txt torch==2.13.0
	$(PIP) --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

repro: $(READY) ## from raw data to a promoted model: all cases, or CASE=finance_risk; JOBS=2 at a time
	$(BIN)/casebook run $(CASE) $(if $(JOBS),--jobs $(JOBS))

test: $(READY) ## every test but those of test-cluster; ends with its ten slowest
	$(BIN)/python -m pytest -m "not cluster" -n 2 --dist loadfile --no-loadscope-reorder --durations=10

test-cluster: $(READY) ## servers, workers and databases killed in the midst of whole runs; one after another
	$(BIN)/python -m pytest -m cluster

test-fast: $(READY) ## the tests that need no server, no pipeline and no browser
	$(BIN)/python -m pytest -m "not slow and not browser and not cluster" -n 2 --dist worksteal

test-long: $(READY) ## long searches for faults: 25 times the examples of every test that draws them
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=long -n 2 --dist worksteal --durations=10

lint: $(READY) ## ruff, mypy, and no block of twelve lines twice in product code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pylint components pipelines

count: ## lines of product code by recipe, kit and machinery
	@git ls-files -- 'components/*.py' 'pipelines/*.py' | xargs wc -l | awk '$$1 && $$2 != "total" { split($$2, at, "/"); \
	  name = at[1] == "pipelines" ? at[1] : at[2]; if (name ~ /^(recipes|kits)$$/ && at[3] !~ /\.py$$/) name = name "/" at[3]; \
	  lines[name] += $$1; all += $$1 } END { for (name in lines) printf "%7d  %s\n", lines[name], name; printf "%7d  all\n", all }' | sort -rn

format: $(READY) ## let ruff write the format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure against peers and limits; tables and JSON in benchmarks/
	$(BIN)/python -m benchmarks

ui: $(READY) ## MLflow on http://127.0.0.1:5000
	$(BIN)/casebook ui

up: $(READY) ## Prefect and MLflow servers and a worker for each pool
	$(BIN)/casebook up

down: $(READY) ## end what `make up` has started, and nothing else
	$(BIN)/casebook down

deploy: $(READY) ## put the schedules and pools of params.yaml into the Prefect server
	$(BIN)/casebook deploy

audit: $(READY) ## known vulnerabilities of the pinned packages, as a report; needs the network
	$(BIN)/python -m pipelines.commands.audit

constraints: $(READY) ## write constraints.txt from what is installed
	(head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//') > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what make and dvc made, but not the raw data
	if test -e state/servers/up.json; then $(BIN)/casebook down; fi
	rm -rf $(VENV) models reports data/prepared state *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
