# `make run` opens the window, `make test` passes the tests; both do all the set-up there is, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.installed
export OMP_NUM_THREADS ?= 1

.PHONY: help run setup debian test test-slow test-llm lint format bench bench-topics bench-topics-speed app shots third-party clean

help:
	@echo "make run | test | test-slow | test-llm | lint | format | bench | bench-topics | bench-topics-speed | app | shots | third-party | clean"

run: $(DONE)
	@build/setup.sh screen
	@$(BIN)/python -m app window $(FILE)

test: $(DONE)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n logical --dist worksteal $(ARGS)

test-slow: $(DONE)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m slow --timeout 3000 $(ARGS)

test-llm: $(DONE)
	@build/setup.sh outside "$(PYTHON)"
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m outside -rs --no-header $(ARGS)

lint: $(DONE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(DONE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DONE)
	$(BIN)/python build/bench.py $(RECORDS)

# DATA=FILE LABELS=dotted.field for labelled records of your own; results as JSON on the last line.
bench-topics: $(DONE)
	@PYTHONPATH=. OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python build/bench_topics.py $(DATA) \
		$(if $(LABELS),--labels $(LABELS)) $(if $(SEEDS),--seeds $(SEEDS))

# RECORDS="10000 100000" or others; seconds, CPU seconds, memory, and the second run.
bench-topics-speed: $(DONE)
	@PYTHONPATH=. OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python build/bench_topics_speed.py $(RECORDS)

app: $(DONE)
	$(BIN)/pyinstaller --noconfirm --distpath dist --workpath build/work build/rft_studio.spec
	QT_QPA_PLATFORM=offscreen dist/rft-studio/rft-studio --selftest

shots: $(DONE)
	QT_QPA_PLATFORM=offscreen $(BIN)/python build/shots.py

third-party: $(DONE)
	$(BIN)/python build/third_party.py

setup: $(DONE)

debian:
	@build/setup.sh debian

$(DONE): pyproject.toml build/setup.sh
	@build/setup.sh debian
	@build/setup.sh venv $(VENV) "$(PYTHON)"
	@touch $(DONE)

clean:
	rm -rf dist build/work build/outside $(VENV)
