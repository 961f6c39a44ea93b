SHELL := /bin/bash
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup run test soak demo bench lint certify lock words clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## virtual environment, packages, browser files, catalogues (a second run only compares hashes)
	@scripts/setup.sh

run: setup ## the demo world on http://127.0.0.1:$(PORT); PORT and DATA_DIR may be set
	@scripts/run.sh

test: setup ## everything in small counts, browser tests included when a Chromium is found
	@scripts/test.sh

soak: setup ## the large counts: kills, cuts, draws, flips
	@$(BIN)/pytest -q -m soak

demo: setup ## plays a whole case: CASE=file OUT=dir
	@DEMO=1 $(BIN)/python -m web.demo $(if $(CASE),--case "$(CASE)") $(if $(OUT),--out "$(OUT)")

bench: setup ## side-by-side figures against named peers: ONLY=name
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only "$(ONLY)")

lint: setup ## ruff, mypy, import directions
	@$(BIN)/ruff check . && $(BIN)/mypy . && $(BIN)/lint-imports

certify: setup ## the certification rows with the tests that show them
	@$(BIN)/python scripts/certify.py

lock: setup ## regenerate requirements.txt from scripts/requirements.in
	@scripts/lock.sh

words: setup ## collect new messages into the catalogue, and say which have no words
	@$(BIN)/python scripts/words.py && $(BIN)/pybabel --quiet compile -d web/translations

clean: ## remove what set-up and runs have made (not the demo world in var/)
	rm -rf .venv node_modules web/static/dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
