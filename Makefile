# Every target works on a fresh clone with nothing installed but Python: it makes its own .venv first.
PYTHON ?= python3
VENUE ?= ax
BIN := .venv/bin

.PHONY: demo test check lint check-peers check-all coverage docs package programs peers sim crash planted bench bench-peer clean

demo: .venv/demo
	$(BIN)/python examples/quickstart.py $(VENUE)
	@echo
	$(BIN)/python examples/restart.py $(VENUE)

# The whole suite shares the cores among processes; what ARGS picks runs in one, where a debugger reaches it.
WORKERS = $(if $(ARGS)$(filter 1,$(JOBS)),,-n $(or $(JOBS),auto) --maxprocesses=8 --dist=worksteal)

test: .venv/test
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

# Environments and steps that keep one core busy run side by side, two at a time; what each prints stays together, where
# make can do that. The suite comes last: it fills the cores itself.
check:
	$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		lint package programs check-peers
	$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),$(MAKE) --no-print-directory coverage)

lint: .venv/check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

# The suite on every Python at hand, 3.11 to 3.13, each in an environment of its own.
check-all:
	.ci/every-python $(ARGS)

# Which lines the suite does not reach. Fails below the floor, which is just below what the suite reaches. SlipCover reads
# what xdist's processes saw only once: with --fail-under in the first command, its report would lack that.
coverage: .venv/check
	$(BIN)/python -m slipcover --json --out .venv/coverage.json -m pytest $(WORKERS) $(ARGS)
	$(BIN)/python -m slipcover --merge .venv/coverage.json --out .venv/coverage.json --skip-covered \
		$(if $(ARGS),,--fail-under 98)

# The site, into site/; a page that links to nothing fails it. Nothing is fetched at build time. The variable silences
# what Material for MkDocs says on every build about its own end of support, in May 2027.
docs: .venv/docs
	$(BIN)/python -m docs.draw_order_life
	$(BIN)/python -m docs.draw_ratios
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean $(ARGS)

# What users install: the wheel fills an order in an environment of its own, the sdist passes its tests.
package: .venv/wheel/installed
	$(BIN)/python -m tests.package.check .venv/wheel

# The programs of examples/programs against the installed wheel: their types, their test, and each of them to its end.
programs: .venv/programs/installed
	$(run-programs)

define run-programs
cd examples/programs && ../../$(BIN)/mypy --config-file= --strict --cache-dir ../../.mypy_cache/programs \
	--python-executable ../../.venv/programs/bin/python .
cd examples/programs && ../../$(BIN)/pyright --pythonpath ../../.venv/programs/bin/python
cd examples/programs && ../../.venv/programs/bin/python -m pytest -p no:cacheprovider .
for program in market_maker twap risk_monitor bracket web_service; do \
	.venv/programs/bin/python examples/programs/$$program.py || exit 1; \
done
endef

# Independent clients of the real venues, in an environment of their own, trade at the embedded ones.
peers: .venv/demo .venv/peers/installed
	$(run-peers)

# The same beside other steps: an environment that they use must not be changed meanwhile.
check-peers: .venv/check .venv/peers/installed
	$(run-peers)

run-peers = $(BIN)/python -m tests.peers.run .venv/peers/bin/python

# Hostile stories of real clients at the embedded venues, SEEDS of them, at VENUE or at all (VENUE=all). SEED=7 tells one
# story line by line. JOBS processes share the seeds, as many as there are cores unless it says otherwise.
sim: VENUE = all
sim: .venv/test
	$(BIN)/python -m tests.sim --venue $(VENUE) $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),300)) \
		$(if $(JOBS),--jobs $(JOBS)) $(ARGS)
	$(if $(SEED),,$(BIN)/python -m tests.sim --venue $(VENUE) --points $(if $(JOBS),--jobs $(JOBS)))

# Real processes with real files, which are killed with SIGKILL in ROUNDS rounds, at VENUE or at all, and compared at the
# end with the venue's books. A round takes about two seconds, JOBS venues at a time.
crash: VENUE = all
crash: .venv/test
	$(BIN)/python -m tests.crash --venue $(VENUE) --rounds $(or $(ROUNDS),24) $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

# Plants each bug of tests/sim/planted, or BUG alone, and plays stories until one shows it.
planted: .venv/test
	$(BIN)/python -m tests.sim --planted $(BUG) $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

# A quarter of an hour on two cores that do nothing else; ARGS=--quick takes four minutes. ARGS=--record appends the run
# to benchmarks/results.jsonl and renews the tables and the picture that are made from it. AGAINST=HEAD^ measures this
# tree and that commit in turns, and fails where a row is worse by more than 5 %.
bench: .venv/bench
	$(BIN)/python -m benchmarks $(if $(AGAINST),--against $(AGAINST)) $(ARGS)
	$(if $(filter --record,$(ARGS)),$(BIN)/python -m benchmarks table --write && $(BIN)/python -m docs.draw_ratios)

# Beside nautilus_trader's AX client, on a Python 3.12 or newer: PEER_PYTHON names one, else it is looked for. Skipped
# with a sentence where there is none, or no such package for it.
bench-peer: .venv/bench
	$(BIN)/python -m benchmarks.peer $(if $(PEER_PYTHON),--python $(PEER_PYTHON)) $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis site *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

.venv/test: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,test]'
	touch $@

.venv/check: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		-c constraints.txt -e '.[demo,test,check]'
	touch $@

.venv/docs: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

SHIPPED := $(shell find actors protocol trio_orders -name '*.py')

# The wheel of this tree in an environment with what it depends on, and nothing else: as users have it.
.venv/wheel/installed: .venv/check $(SHIPPED) README.md
	rm -rf .venv/wheel
	$(PYTHON) -m venv --without-pip .venv/wheel
	$(BIN)/python -m build --no-isolation --wheel --outdir .venv/wheel/dist . > .venv/wheel/build.log 2>&1 \
		|| (cat .venv/wheel/build.log; exit 1)
	$(BIN)/python -m pip --python .venv/wheel/bin/python install --quiet --disable-pip-version-check \
		-c constraints.txt .venv/wheel/dist/*.whl
	touch $@

.venv/programs/installed: .venv/wheel/installed
	rm -rf .venv/programs
	$(PYTHON) -m venv --without-pip .venv/programs
	$(BIN)/python -m pip --python .venv/programs/bin/python install --quiet --disable-pip-version-check \
		-c constraints.txt "$$(echo .venv/wheel/dist/*.whl)[programs]"
	touch $@

PEERS := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["peers"])

.venv/peers/installed: .venv/bin/python pyproject.toml tests/peers/constraints.txt
	rm -rf .venv/peers
	$(PYTHON) -m venv --without-pip .venv/peers
	$(BIN)/python -m pip --python .venv/peers/bin/python install --quiet --disable-pip-version-check --no-compile \
		-c tests/peers/constraints.txt $$($(BIN)/python -c '$(PEERS)')
	touch $@

.venv/bench: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@
