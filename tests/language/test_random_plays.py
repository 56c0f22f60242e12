"""Random playbooks end in kplay's own order as they ended under ansible-core, as recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from random_plays import RECORDED, differences, digest, on_this_machine
from test_order_property import run_in_memory

if TYPE_CHECKING:
    from pathlib import Path

ALL = sorted(RECORDED.glob("*.json"))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_as_ansible_core(path: Path, seed: int):
    recorded = json.loads(path.read_text())
    assert recorded["digest"] == digest(recorded["play"], recorded["hosts"]), "edited by hand"
    ended = run_in_memory([recorded["play"]], recorded["hosts"], seed)
    assert differences(recorded, ended) == []


def test_there_are_recordings():
    assert len(ALL) >= 20


def test_a_host_is_a_folder_of_this_machine():
    tasks = [
        {"copy": {"dest": "/etc/one"}},
        {"slurp": {"src": "/etc/x"}, "delegate_to": "b"},
        {"copy": {"src": "{{ mirror }}/{{ groups.all[0] }}/etc/one", "dest": "/etc/two"}},
    ]
    first, second, third = on_this_machine(tasks, "{{ here }}/")
    assert first == {"copy": {"dest": "{{ here }}/one"}}
    assert second["slurp"] == {"src": "{{ place }}/b/x"}
    assert third["copy"] == {
        "src": "{{ mirror }}/{{ groups.all[0] }}{{ place }}/{{ groups.all[0] }}/one",
        "dest": "{{ here }}/two",
    }
