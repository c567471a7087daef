# What one can do here. Every target makes the virtual environment it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
SEEDS  ?= 3000
FROM   ?= 1
TRACE  ?=
JOBS   ?= 3
FAULTS ?= 200
INPUTS ?= 1000000
TARGET ?=
# What `make truth` reads from the environment.
export MATCHES ROWS VERDICT DATA SEED

.PHONY: help demo test alerts soak matches soak-hosts truth fuzz dev check docs site pictures sport-pictures texts bench clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/touchline: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Touchline needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Touchline into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $(BIN)/touchline

# What tests need besides: a fresh Touchline has only what it runs on.
$(VENV)/tested: $(BIN)/touchline
	@echo "installing what tests need …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $(VENV)/tested

demo: $(BIN)/touchline  ## the 2022 World Cup final, reported by a noisy crowd (ARGS="--seed 3 --speed max")
	@$(BIN)/touchline demo $(ARGS)

test: $(VENV)/tested  ## every test that can run here; what is skipped says why (ARGS="-k journal" JOBS=0)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder $(ARGS)

alerts: $(VENV)/tested  ## faults, and the alert of a real Prometheus for each; a clean match without any
	@$(BIN)/python -m pytest -q tests/faults/test_alerts.py $(ARGS)

soak: $(VENV)/tested  ## whole events in which everything goes wrong, from seeds (SEEDS=50000 FROM=1 TRACE=1)
	@SEEDS=$(SEEDS) FROM=$(FROM) TRACE=$(TRACE) $(BIN)/python -m tests.simulation.soak

soak-hosts: $(VENV)/tested  ## hosts of one event killed, stopped and cut off, at random (FAULTS=200 SEED=1)
	@FAULTS=$(FAULTS) SEED=$(or $(SEED),1) $(BIN)/python -m pytest -q -s -o timeout=0 tests/faults/test_pool.py

truth: $(VENV)/tested  ## how right the timeline is with crowds of many kinds (MATCHES=24 ROWS=tennis VERDICT=majority DATA=folder)
	@$(BIN)/python -m tests.truth

matches: $(VENV)/tested  ## made-up matches of every sport, in which nothing may contradict itself (MATCHES=20000)
	@$(BIN)/python -m tests.generated --matches $(or $(MATCHES),20000)

fuzz: $(BIN)/touchline  ## inputs by the million into all that reads what others send (INPUTS=1000000 TARGET=broker)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,fuzz]'
	@INPUTS=$(INPUTS) TARGET=$(TARGET) $(BIN)/python -m tests.fuzz

dev: $(BIN)/touchline  ## the environment to work in: checkers, and links that type checkers follow
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	@mkdir -p .import/touchline
	@for f in __init__.py py.typed protocol runtime sports timeline broker peer proof gateway lobby datagrams relay monitoring cli; do ln -sfn ../../$$f .import/touchline/$$f; done

check: dev  ## style, strict types; import rules are tests (tests/unit/test_imports.py)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/unit/test_imports.py

docs: dev  ## docs/SETTINGS.md, the tables of docs/SPORTS.md and the man pages anew, from the code
	@$(BIN)/python -m tests.unit.test_settings_doc
	@$(BIN)/python -m tests.unit.test_sports_doc
	@$(BIN)/python -m tests.unit.test_man_pages

site: $(BIN)/touchline  ## the documentation as a site, in site/, which loads nothing from elsewhere
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

texts: $(VENV)/tested  ## bring the catalogues of languages up to the source; says what is not translated
	@$(BIN)/python -m tests.texts

pictures: $(VENV)/tested  ## the pictures of README and guides, from a run of its own (needs chromium)
	@$(BIN)/python -m tests.pictures

sport-pictures: $(VENV)/tested  ## every sport on the page, in watch and exported, into artifacts/sports (SPORTS="race darts")
	@$(BIN)/python -m tests.pictures.sports $(SPORTS)

bench: $(BIN)/touchline  ## rates and CPU, beside Redis, NATS and bare pyzmq in the same run
	@$(BIN)/python -m bench --out artifacts/bench $(ARGS)

clean:  ## remove what the other targets made
	rm -rf $(VENV) .import build site dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis artifacts
