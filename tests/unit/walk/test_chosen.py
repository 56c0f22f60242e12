"""Plays whose pattern comes to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

PLAY = """\
- hosts: "{{ chosen }}"
  gather_facts: false
  tasks:
    - debug: {msg: on some host}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts.ini").write_text("h1 ansible_connection=local\n")
    (tmp_path / "play.yml").write_text(PLAY)
    return lambda chosen: main(["run", "-i", "hosts.ini", "play.yml", "-e", chosen])


def test_no_patterns_are_no_hosts(run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run('{"chosen": []}') == 0
    assert "on some host" not in capsys.readouterr().out


@pytest.mark.parametrize("chosen", ['{"chosen": ""}', '{"chosen": [" "]}'])
def test_an_empty_pattern_is_a_fault(run, capsys: pytest.CaptureFixture[str], chosen: str) -> None:
    assert run(chosen) == ExitCode.BAD_INPUT
    assert "`hosts` is empty: a host, a group or a pattern was expected" in capsys.readouterr().err
