# Every target sets up what it needs. `make` alone explains itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench simulate properties mutants fuzz slices package

STRICT := $(addprefix chalicelib/,core ledger funds billing network retail partners documents proof)

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready .venv-engine/ready ## Start everything on this machine (HOST, PORT, DATA_DIR, DEMO, ROUTERS, OPERATOR_EMAIL, OPERATOR_PASSWORD)
	@.venv/bin/python -m local

test: .venv/ready .venv-engine/ready ## Run the tests
	@local/hledger.sh
	@.venv/bin/python -m pytest -q -n 2 --dist loadgroup

check: .venv/ready ## Format, lint and types
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy --strict $(STRICT)

bench: .venv/ready .venv-engine/ready ## Print the figures the product has to show, and how they were counted (ONLY one part, such as posting)
	@local/hledger.sh
	@.venv/bin/python -m tests.bench $(ONLY)

simulate: .venv/ready ## Crash and race every movement of money at random for SECONDS=60 (SEED, or STEPS to see a failure again)
	@SECONDS="$(or $(SECONDS),60)" SEED="$(SEED)" STEPS="$(STEPS)" .venv/bin/python -m tests.simulation.schedules

fuzz: .venv/ready .venv-engine/ready ## Send every route requests of every kind for SECONDS=300 (EXAMPLES of each kind, SEED, ONLY a part of "POST /v1/...")
	@.venv/bin/python -m tests.fuzz --seconds $(or $(SECONDS),300) --examples $(or $(EXAMPLES),10) $(if $(SEED),--seed $(SEED)) --only "$(ONLY)"

properties: .venv/ready ## Try what the tests say of every input with other inputs than the suite's, ROUNDS=10 times over
	@for round in $$(seq $(or $(ROUNDS),10)); do \
		.venv/bin/python -m pytest -q -n 2 -m hypothesis --hypothesis-profile=search || exit 1; done

mutants: .venv/ready ## Take each condition on money out of the code once, and see the tests fail (ONLY a part of "module:line")
	@.venv/bin/python -m tests.mutants $(ONLY)

slices: .venv/ready ## Write down which module declares which path, after a route was added or moved
	@.venv/bin/python -m infra.slices

package: .venv/ready ## Make the deployable template and zip in build/
	@.venv/bin/python -m infra.package $(or $(OUT),build/package)

.venv/ready: requirements.txt requirements-dev.txt requirements-printer.txt local/setup.sh
	@local/setup.sh .venv requirements.txt requirements-dev.txt

.venv-engine/ready: requirements-engine.txt local/setup.sh
	@local/setup.sh .venv-engine requirements-engine.txt
