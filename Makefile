# `make demo`, `make reproduce` and `make test` do all their set-up themselves; PYTHON chooses the interpreter (3.10 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OCTAVE ?= octave --no-gui --norc --quiet

# `make reproduce` makes every table and figure of the paper, or ITEM alone, and resumes where it stopped.
ITEM ?= all
JOBS ?= 1
reproduce_options = $(if $(DATA),--data $(DATA)) $(if $(SUBSET),--subset $(SUBSET)) $(if $(METHODS),--methods $(METHODS))

.PHONY: demo test reproduce golden clean

demo: $(VENV)/.installed-demo
	$(BIN)/pydeblur demo --out demo_output

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2

reproduce: $(VENV)/.installed-demo
	$(BIN)/pydeblur reproduce $(ITEM) --out docs/results --jobs $(JOBS) $(reproduce_options)

# Writes tests/golden/ anew from the MATLAB-language reference.
golden: $(VENV)/.installed-test
	$(BIN)/python tests/octave/make_inputs.py
	$(OCTAVE) --eval "addpath('matlab_ref'); make_golden('tests/golden')"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-demo: setup.cfg setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[reproduce]" --constraint constraints.txt
	touch $@

$(VENV)/.installed-test: setup.cfg setup.py constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[dev,train,reproduce]" --constraint constraints.txt
	touch $@ $(VENV)/.installed-demo

clean:
	rm -rf $(VENV) demo_output build *.egg-info
