# Everything happens inside ./.venv; nothing outside this folder is touched.

UV_VERSION := 0.13.9
# TensorFlow 2.21 has wheels for Python 3.11 to 3.13.
FIND_PYTHON = for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null \
  && { command -v "$$p"; exit 0; }; done; \
  echo "mpsearch needs Python 3.11, 3.12 or 3.13 (found: $$(python3 --version 2>&1)); install one, or say make PYTHON=/path/to/python3.12" >&2; exit 1
BIN := .venv/bin
UV = UV_CACHE_DIR=$${UV_CACHE_DIR:-$(CURDIR)/.venv/.uv-cache} UV_PYTHON_DOWNLOADS=never \
  UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv UV_NO_PROGRESS=1 $(BIN)/uv

.PHONY: help demo test test-long check audit test-fast readme bench reports golden clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(BIN)/uv:
	@python="$$($(FIND_PYTHON))" && "$$python" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir uv==$(UV_VERSION)

.venv/.installed: pyproject.toml uv.lock | $(BIN)/uv
	@echo "installing into .venv (TensorFlow is large: a few minutes on a slow line)"
	@$(UV) sync --quiet --locked --inexact --compile-bytecode --no-default-groups
	@touch $@

.venv/.installed-all: pyproject.toml uv.lock | $(BIN)/uv
	@echo "installing into .venv (TensorFlow is large: a few minutes on a slow line)"
	@$(UV) sync --quiet --locked --inexact --compile-bytecode --all-groups --all-extras
	@touch $@ .venv/.installed

demo: .venv/.installed ## set up, and search a plan for the bundled network
	$(BIN)/mpsearch search --budget 2 --out demo
	@echo; cat demo/quanti_array.py

# Two tests run at a time: threads of OpenBLAS would only wait for each other, actively.
PYTEST = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --durations 20 --durations-min 10

test: check ## set up, check the code, and run all tests but the long ones
	$(PYTEST) -m "not long"

test-long: .venv/.installed-all ## tests that are long by nature: kills by the dozen, worked examples
	$(PYTEST) -m long

check: .venv/.installed-all ## formatting, lint, security lint, types, import rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive mpsearch
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

audit: .venv/.installed-all ## ask pypi.org for known vulnerabilities of what users install
	@$(UV) export --quiet --locked --no-emit-project --no-default-groups --all-extras --output-file .venv/audited.txt
	$(BIN)/pip-audit --requirement .venv/audited.txt --disable-pip --require-hashes --strict --progress-spinner off

test-fast: .venv/.installed-all ## tests that need no TensorFlow
	$(BIN)/python -m pytest -n 2 -m "not tf and not slow and not long and not real"

readme: .venv/.installed-all ## run the commands of the documents
	$(BIN)/python -m pytest tests/docs

bench: .venv/.installed-all ## measure the claims of scripts/bench; needs the real models
	@failed=0; for bench in encode_decode.py all_parts.py per_layer.py cold.py arithmetic_limit.py vgg19.py \
	  packed_speed.py "coding_ratio.py fix8 bitwiseAnd_22" dashboard_polled.py "search_quality.py --seeds 3 resnet8"; do \
	  echo "== $$bench"; $(BIN)/python scripts/bench/$$bench 2>/dev/null || failed=1; \
	done; exit $$failed

reports: .venv/.installed-all ## search the worked studies whose models are there, and make their reports
	@for study in studies/*/study.toml; do folder=$$(dirname $$study); \
	  model=$$(sed -n 's/^model = "\(.*\)"/\1/p' $$study); \
	  case $$model in bundled:*) ;; *) [ -e $$folder/$$model ] || { echo "$$folder: no $$model"; continue; } ;; esac; \
	  $(BIN)/mpsearch search $$study && $(BIN)/mpsearch report $$folder; done

golden: .venv/.installed-all ## write the golden reports anew, then show what changed
	$(BIN)/python -m pytest --update-golden tests/report || true
	git diff --stat tests/golden

clean: ## remove what make made
	rm -rf .venv demo
