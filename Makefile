# Every target works on a fresh clone with nothing installed but Python: it makes its own .venv first.
PYTHON ?= python3
VENUE ?= ax
BIN := .venv/bin

.PHONY: demo test check bench clean

demo: .venv/demo
	$(BIN)/python examples/quickstart.py $(VENUE)

test: .venv/test
	$(BIN)/python -m pytest $(ARGS)

check: .venv/check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(ARGS)

# AGAINST=HEAD^ measures this tree and that commit in turns, and fails where a row is worse by more than 5 %.
bench: .venv/bench
	$(BIN)/python -m benchmarks $(if $(AGAINST),--against $(AGAINST)) $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

.venv/test: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,test]'
	touch $@

.venv/check: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,test,check]'
	touch $@

.venv/bench: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@
