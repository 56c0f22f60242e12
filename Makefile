# Every target sets up what it needs; as root on a bare Debian 12 that includes system packages.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
BIN    := .venv/bin
# A new pyproject.toml has a new digest, hence a new stamp: repeats cost nothing.
STAMP  := .venv/ready-$(shell sha256sum pyproject.toml | cut -c1-16)
PYTEST := $(BIN)/python -m pytest
# Tests start kplay hundreds of times: each start would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo demo-down test lint types layers vermin unit browser hosts cluster test-plan test-rancher test-vagrant-vm bundle record-language language-counts property bench

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(STAMP)  ## make .venv with kplay and its development tools

$(STAMP): pyproject.toml
	@tests/e2e/need-packages.sh python3 python3-venv ca-certificates git
	@if [ ! -x $(BIN)/python ]; then echo '==> making .venv'; $(PYTHON) -m venv .venv; fi
	@echo '==> installing kplay and its tools into .venv'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@rm -f .venv/ready-* && touch $@

demo: $(STAMP)  ## three bare hosts become a Kubernetes cluster, then a second apply changes nothing
	@tests/e2e/demo.sh up

demo-down: $(STAMP)  ## remove every trace of the demo
	@tests/e2e/demo.sh down

test: lint types layers vermin unit browser hosts cluster  ## everything, the real cluster included

lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy --strict
	$(BIN)/mypy

layers: $(STAMP)  ## import-linter: who may import whom
	$(BIN)/lint-imports --no-cache

vermin: $(STAMP)  ## what runs on hosts keeps to Python 3.6
	$(BIN)/python tests/unit/target_files.py | xargs $(BIN)/vermin --quiet --no-tips \
	  --target=3.6- --violations --eval-annotations --backport typing

unit: $(STAMP)  ## unit, module, language and diagnostics tests: no root, no hosts
	$(PYTEST) -n auto -m 'not hosts and not cluster and not browser and not rancher' tests

browser: $(STAMP)  ## tests of the pages in Chromium
	@tests/e2e/need-packages.sh chromium chromium-driver fonts-dejavu-core
	$(PYTEST) -m browser tests/browser

hosts: $(STAMP)  ## tests on real machines (root)
	@tests/e2e/need-packages.sh openssh-client openssh-server vagrant vagrant-libvirt vagrant-lxc lxc mmdebstrap sudo
	$(PYTEST) -n 2 --dist loadfile -m hosts tests/hosts tests/vagrant

cluster: $(STAMP)  ## tests on a real Kubernetes cluster (root)
	$(PYTEST) -m cluster tests/e2e tests/rancher

test-vagrant-vm: $(STAMP)  ## one Vagrant machine under libvirt, without a hypervisor (root): up, apply, snapshot, restore, down
	@tests/vagrant/vm/run

test-rancher: $(STAMP)  ## K3s, RKE2 and Rancher on real hosts, in long courses (root)
	@tests/e2e/need-packages.sh openssh-client mmdebstrap sudo
	$(PYTEST) -m rancher tests/rancher

test-plan: $(STAMP)  ## plan and apply every playbook on real hosts and compare, step by step (root)
	@tests/e2e/need-packages.sh openssh-client
	PYTHONPATH=tests/harness:tests/rancher:tests/rancher/server_double $(BIN)/python tests/plan/measure.py $(PLAN)

bundle: $(STAMP)  ## build and verify the air-gapped bundle
	$(BIN)/kplay bundle build
	$(BIN)/kplay bundle verify

record-language: $(STAMP)  ## record the language cases that changed anew with ansible-core
	$(BIN)/python tests/language/record.py
	$(BIN)/python tests/language/random_plays.py record

language-counts: $(STAMP)  ## how much of each table of the language a test names
	$(PYTEST) -q -s tests/language/test_coverage.py

property: $(STAMP)  ## run fresh random playbooks with ansible-core and with kplay, and compare
	$(BIN)/python tests/language/random_plays.py fresh 20

bench: $(STAMP)  ## measure kplay beside ansible-core (root, for the hosts of a lab)
	$(BIN)/python tests/bench/measure.py
