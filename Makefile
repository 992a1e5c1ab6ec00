# `make demo` and `make test` need git, make and python3 (3.11 or newer) and nothing else: the first run makes .venv.
# Written for GNU make 3.81 on, which is what macOS brings.

SHELL := /bin/sh
PYTHON := $(shell command -v python3 || command -v python3.14 || command -v python3.13 || command -v python3.12 || command -v python3.11)
ARGS :=
BOOT := test -n "$(PYTHON)" || { echo "Tieout needs Python 3.11 or newer, and there is none: install python3, then give the same command again." >&2; exit 1; }; $(PYTHON) scripts/bootstrap.py
PY := .venv/bin/python
WITH_PG := $(PY) scripts/with_postgres.py --
FAST := not pg and not browser and not slow

.PHONY: help demo serve setup setup-run test test-pg e2e pictures test-rest test-all check bench sim docs lock wheel

help:
	@echo "make demo      set up, then run the main job against stand-ins on this machine (ARGS=--fresh starts over)"
	@echo "make test      set up, then run the tests that need nothing else"
	@echo "make serve     run Tieout itself"
	@echo "make setup     set up alone"
	@echo "make check     lint, format, types, house rules (under a minute)"
	@echo "make test-all  every test: also PostgreSQL (installed, not running), a system Chromium, the slow ones"
	@echo "make test-pg   the tests that need PostgreSQL          make e2e    the tests that need a browser"
	@echo "make bench     the published figures, measured again   make sim    10,000 seeds of bad weather"
	@echo "make docs      the reference pages, from the code      make wheel  dist/tieout-*.whl"
	@echo "make pictures  the pictures of the README, from the product (a system Chromium)"
	@echo "make lock      the lists of packages, written again (ARGS=--upgrade takes newer ones)"

setup:
	@$(BOOT) dev

setup-run:
	@$(BOOT) run

demo: setup-run
	@$(PY) -m tieout demo $(ARGS)

serve: setup-run
	@$(PY) -m tieout serve $(ARGS)

test: setup
	@$(PY) -m pytest -n 2 -m "$(FAST)" $(ARGS)

test-pg: setup
	@CI=true $(WITH_PG) $(PY) -m pytest -n 2 -m "pg" --every-database $(ARGS)

e2e: setup
	@CI=true $(PY) -m pytest -m "browser and not pg" $(ARGS)

pictures: setup
	@TIEOUT_PICTURES=docs/pictures $(PY) -m pytest tests/e2e/test_pictures.py $(ARGS)

# CI=true: what cannot run here, for want of a tool or otherwise, is a failure and not a skip.
test-rest: setup
	@CI=true $(WITH_PG) $(PY) -m pytest -n 2 -m "pg or browser or slow" $(ARGS)

test-all: check
	@CI=true $(MAKE) test
	@CI=true $(MAKE) test-rest

check: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest tests/test_house.py

bench: setup
	@$(PY) -m benchmarks $(ARGS)

sim: setup
	@$(PY) -m tieout sim --seeds 10000 --profile posting $(ARGS)
	@$(PY) -m tieout sim --seeds 10000 --profile journals $(ARGS)

docs: setup
	@$(PY) tools/reference.py $(ARGS)

lock:
	@$(BOOT) lock $(ARGS)

wheel: setup
	@$(PY) -I -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/tieout-*.whl
