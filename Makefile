# make demo   the main job, on the sandbox        make test   lint, types, import contract, all tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BROWSER_PACKAGES := chromium
SCREENSHOT_PACKAGES := $(BROWSER_PACKAGES) fonts-noto-color-emoji
BENCH_PACKAGES := prometheus-blackbox-exporter

.PHONY: setup demo test check lint types contract bench campaign lock schemas screenshots clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "whybot needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@$(BIN)/whybot demo

check: lint types contract

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contract: $(STAMP)
	$(BIN)/lint-imports

test: check
	@sh .ci/debian $(BROWSER_PACKAGES)
	$(BIN)/pytest -n 2

campaign: $(STAMP)   ## the long forms of what `make test` tries shortly
	$(BIN)/pytest -m campaign -s

bench: $(STAMP)
	@sh .ci/debian $(BENCH_PACKAGES)
	$(BIN)/python -m benchmarks

lock:   ## pins anew, with hashes and without index addresses; needs uv
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header \
	  --extra embedded --extra google --extra sandbox --extra dev pyproject.toml -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header \
	  --extra embedded --extra google -c requirements/dev.txt pyproject.toml -o requirements/serve.txt

schemas: $(STAMP)   ## writes docs/schemas and app-manifest.yaml from the code; a test keeps them equal
	$(BIN)/python -m docs.generate

screenshots: $(STAMP)   ## takes the pictures of the docs from a running demo
	@sh .ci/debian $(SCREENSHOT_PACKAGES)
	$(BIN)/python -m docs.screenshots

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
