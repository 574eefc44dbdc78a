# Two commands are enough on a fresh machine with python3 >= 3.11, pip, make and git: `make run` and `make test`.
# Each makes .venv by itself from the lock files, and again only when a lock or pyproject.toml changes.

PYTHON ?= python3
UV     ?= uv
STATE  ?= .state

SERVICE = $(ROOT)/opt/smartcharge

VENV := .venv
BIN  := $(VENV)/bin
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A venv whose interpreter is gone (the system's Python moved on) is made anew.
ifeq ($(wildcard $(BIN)/python),)
$(shell rm -f $(VENV)/.made $(VENV)/.runtime $(VENV)/.test)
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check install bench prove format lock service

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## the daemon on the example configuration, with simulated cars, until Ctrl-C
	@exec $(BIN)/smartcharge run --config config --state $(STATE)

test: check ## make check, then every test; the pure rooms must be covered to the last branch
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

check: $(VENV)/.test ## style, types and the arrows between the rooms
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

install: $(VENV)/.runtime ## .venv with the smartcharge command, and nothing for its development
	@echo "$(BIN)/smartcharge is ready; '$(BIN)/smartcharge --help' lists what it does"

bench: $(VENV)/.test ## every measurement in bench/, one after the other
	@$(BIN)/python -m bench

prove: $(VENV)/.test ## the planner against brute force at length, thirty nights of ten makes, a thousand cars at once, a kill at every line of a bill
	@PROVE=1 $(BIN)/python -m pytest -s tests/planning tests/stories/test_calls.py tests/stories/test_plugging.py \
	    tests/stories/test_crowd.py \
	    tests/stories/test_makes.py::test_bmws_eighty_stops_in_thirty_days_are_kept_and_none_is_refused tests/storage/test_credit_kill.py

format: $(VENV)/.test ## rewrite the code in the one agreed layout
	@$(BIN)/ruff format

service: ## this version as a systemd service in /opt/smartcharge (as root; ROOT=/somewhere only rehearses it)
	@$(call new-venv,$(SERVICE)/venv)
	@rm -rf build && pip="$(call pip-of,$(SERVICE)/venv)" && \
	    $$pip install $(LOCKED) -r requirements.lock && $$pip install $(PROJECT) .
	@install -D -m 644 deploy/systemd/smartcharge.service $(ROOT)/etc/systemd/system/smartcharge.service
	@install -D -m 644 deploy/systemd/smartcharge.sysusers $(ROOT)/etc/sysusers.d/smartcharge.conf
	@install -D -m 644 deploy/systemd/smartcharge.tmpfiles $(ROOT)/etc/tmpfiles.d/smartcharge.conf
	@echo "next: systemd-sysusers; systemd-tmpfiles --create; write /etc/smartcharge;"
	@echo "      $(SERVICE)/venv/bin/smartcharge check --config /etc/smartcharge; systemctl enable --now smartcharge"

lock: ## refresh the lock files after a change of dependencies; UPGRADE=--upgrade takes newer releases (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or UV=/path/to/uv" >&2; exit 69; }
	@# setuptools comes in by the second input: the project is built without build isolation, from the lock alone.
	@$(BUILD_REQUIRES) | $(COMPILE) pyproject.toml - --output-file requirements.lock >/dev/null
	@$(BUILD_REQUIRES) | $(COMPILE) pyproject.toml - --extra test --constraint requirements.lock \
	    --output-file requirements-test.lock >/dev/null

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
          --no-emit-index-url --no-annotate --custom-compile-command "make lock" $(UPGRADE)
BUILD_REQUIRES = $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'

# ---- the set-up ------------------------------------------------------------------------------------------------

# Hashes pin every file; wheels only, since building a source distribution would fetch what no hash covers. The project
# is built by the locked setuptools, without fetching anything.
LOCKED  = --quiet --require-hashes --only-binary :all:
PROJECT = --quiet --no-deps --no-build-isolation --no-index

# python3-venv may be missing (Debian packs it apart): then the system's pip fills an environment that has none of its own.
pip-of   = $$($(1)/bin/python -m pip --version >/dev/null 2>&1 \
    && echo $(1)/bin/python -m pip || echo $(PYTHON) -m pip --python $(1)/bin/python)
new-venv = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
    echo "smartcharge needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; \
    exit 69; }; \
    $(PYTHON) -m venv --clear $(1) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(1) && \
    { pip="$(call pip-of,$(1))"; $$pip --version >/dev/null; } || { echo "no pip found: install python3-venv or python3-pip" >&2; exit 69; }

$(VENV)/.made:
	@$(call new-venv,$(VENV))
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "setting up $(VENV) (about half a minute, once)"
	@pip="$(call pip-of,$(VENV))" && $$pip install $(LOCKED) -r requirements.lock && $$pip install $(PROJECT) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.made requirements-test.lock pyproject.toml
	@echo "setting up $(VENV) with the test tools (about a minute, once)"
	@pip="$(call pip-of,$(VENV))" && $$pip install $(LOCKED) -r requirements-test.lock && $$pip install $(PROJECT) -e .
	@touch $@ $(VENV)/.runtime
