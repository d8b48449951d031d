# Every target sets up what it needs. `make` alone explains itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench package

STRICT := chalicelib/core chalicelib/ledger chalicelib/funds chalicelib/billing

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready .venv-engine/ready ## Start everything on this machine (HOST, PORT, DATA_DIR, DEMO, OPERATOR_EMAIL, OPERATOR_PASSWORD)
	@.venv/bin/python -m local

test: .venv/ready .venv-engine/ready ## Run the tests
	@.venv/bin/python -m pytest -q -n 2

check: .venv/ready ## Format, lint and types
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy --strict $(STRICT)

bench: .venv/ready .venv-engine/ready ## Print the figures the product has to show, and how they were counted
	@.venv/bin/python -m tests.bench

package: .venv/ready ## Make the deployable template and zip in build/
	@.venv/bin/python -m infra.package $(or $(OUT),build/package)

.venv/ready: requirements.txt requirements-dev.txt local/setup.sh
	@local/setup.sh .venv requirements.txt requirements-dev.txt

.venv-engine/ready: requirements-engine.txt local/setup.sh
	@local/setup.sh .venv-engine requirements-engine.txt
