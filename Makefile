# The two commands: `make run` starts the cloud, `make test` proves it. Both install what they need.
.ONESHELL:
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: run test browser lint bench clean

run: .venv/run.stamp
	@exec $(BIN)/python manage.py up

test: .venv/test.stamp browser lint
	@exec $(BIN)/python -m pytest

lint: .venv/test.stamp
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

bench: .venv/test.stamp
	@exec $(BIN)/python -m benchmarks

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Cloud Playground needs Python 3.11 or newer. Debian, Ubuntu: sudo apt-get install -y python3 python3-venv"; exit 1; fi
	$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; echo "Python's venv module is missing. Debian, Ubuntu: sudo apt-get install -y python3-venv"; exit 1; }

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "  installing what the playground needs (once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt && touch $@

.venv/test.stamp: requirements.txt requirements-test.txt | .venv/bin/python
	@echo "  installing what the tests need (once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt && touch $@ .venv/run.stamp

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		echo "The browser tests drive Debian's Chromium, which pip cannot give: sudo apt-get install -y chromium"; exit 1; }

clean:
	rm -rf .venv var artefacts
