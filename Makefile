# `make demo`, `make test`, `make lint`, `make docs` and `make reproduce` do all their set-up themselves; PYTHON chooses the
# interpreter (3.10 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OCTAVE ?= octave --no-gui --norc --quiet
PIP_INSTALL = $(BIN)/python -m pip install --quiet --constraint constraints.txt

# `make reproduce` makes every table and figure of the paper, or ITEM alone, and resumes where it stopped.
ITEM ?= all
JOBS ?= 1
reproduce_options = $(if $(DATA),--data $(DATA)) $(if $(SUBSET),--subset $(SUBSET)) $(if $(METHODS),--methods $(METHODS))

# `make test-lowest` needs a Python 3.10, for which the lowest versions of all dependencies have wheels.
PYTHON310 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.10.*/bin/python3.10) $(shell command -v python3.10))
LOWEST = .venv-lowest

.PHONY: demo test test-lowest fuzz lint format docs reproduce golden unchanged clean

demo: $(VENV)/.installed-demo
	$(BIN)/pydeblur demo --out demo_output

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2

# The tests that decide, with the floors of setup.cfg.
test-lowest:
ifeq ($(PYTHON310),)
	@echo "test-lowest: skipped, no Python 3.10 was found here (name one with PYTHON310=...)"
else
	test -x $(LOWEST)/bin/python || $(PYTHON310) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --editable . --constraint constraints-lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet pytest pytest-xdist hypothesis scikit-image --constraint constraints-lowest.txt
	$(LOWEST)/bin/python -m pytest -n 2 -p no:cacheprovider tests/test_api.py tests/test_package.py tests/estimators tests/files \
	  tests/nonblind tests/preprocess tests/priors tests/solver
endif

# Reads N damaged and odd files with every reader, and prints what came of them; the same SEED makes the same files.
N ?= 20000
SEED ?= 0
fuzz: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz $(N) --seed $(SEED)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

reproduce: $(VENV)/.installed-demo
	$(BIN)/pydeblur reproduce $(ITEM) --out docs/results --jobs $(JOBS) $(reproduce_options)

# Whether this working tree gives the results of REV (a git revision) to the last bit.
REV ?= HEAD
unchanged: $(VENV)/.installed-demo
	$(BIN)/python benchmarks/results_unchanged.py $(REV)

# Writes tests/golden/ anew from the MATLAB-language reference.
golden: $(VENV)/.installed-test
	$(BIN)/python tests/octave/make_inputs.py
	$(OCTAVE) --eval "addpath('matlab_ref'); make_golden('tests/golden')"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: setup.cfg setup.py pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[reproduce]"
	touch $@

$(VENV)/.installed-test: setup.cfg setup.py pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[dev,train,reproduce]"
	touch $@ $(VENV)/.installed-demo

$(VENV)/.installed-docs: setup.cfg setup.py pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) $(LOWEST) demo_output build docs/_build docs/gallery docs/api/generated *.egg-info
