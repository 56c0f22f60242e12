"""kplay does with every case what ansible-core did, but for the differences that are known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from oracle.cases import Case, cases
from oracle.compare import differences
from oracle.with_kplay import replay

ALL = cases()
KNOWN = yaml.safe_load((Path(__file__).parent / "known.yml").read_text()) or {}


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_as_ansible_core(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert case.record.exists(), "not recorded: make record-language"
    recorded = json.loads(case.record.read_text())
    assert recorded["digest"] == case.digest(), "changed since: make record-language"
    if case.root and os.geteuid() != 0:
        pytest.skip("it becomes other users")
    monkeypatch.chdir(tmp_path)
    found = differences(recorded, replay(case, tmp_path))
    known = [entry["difference"] for entry in KNOWN.get(case.name, [])]
    assert [line for line in found if line not in known] == []
    assert [line for line in known if line not in found] == [], "these are no longer so"


def test_every_known_difference_has_a_case_and_a_reason():
    names = {case.name for case in ALL}
    assert set(KNOWN) <= names
    assert all(entry["reason"] for entries in KNOWN.values() for entry in entries)
