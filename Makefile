# make demo   set up, start the twin with the demo city, print its address and logins
#             (UP="--port 8123 --detach" hands options to `twin up`)
# make test   set up with the test tools, run every test
# make lint   formatting, types, import rules
# make bench  figures for tiles and flood, as JSON
# make clean  remove what was built here (the data folder of a twin stays)
# make help   print these lines

SHELL := /bin/bash
UP ?=

.PHONY: demo setup test lint bench clean help

demo:
	@scripts/setup.sh
	@exec .venv/bin/twin up --demo $(UP)

setup:
	@scripts/setup.sh

test:
	@scripts/setup.sh test
	.venv/bin/python -m pytest $(TESTS)
	@scripts/viewer.sh test

lint:
	@scripts/setup.sh lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@scripts/viewer.sh typecheck

bench:
	@scripts/setup.sh bench
	.venv/bin/twin bench flood --json
	.venv/bin/twin bench tiles --json

clean:
	@if [ -L .venv ]; then rm -rf "$$(readlink .venv)"; fi
	rm -rf .venv build dist twin/viewer/dist twin/viewer/node_modules
	rm -rf .ruff_cache .mypy_cache .import_linter_cache .hypothesis test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@sed -n 's/^# //p' Makefile
