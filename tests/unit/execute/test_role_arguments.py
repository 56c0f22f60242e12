"""Argument specs of roles: what the user is shown, and what a plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """argument_specs:
  main:
    options:
      name: {type: str, required: true}
      port: {type: int}
      key: {type: int, no_log: true}
"""
PLAY = """- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    port: many
  tasks:
    - {name: asks, command: echo 5, register: said, changed_when: false}
    - include_role: {name: r}
      vars: {VARS}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for part in ("meta", "tasks"):
        (tmp_path / "roles/r" / part).mkdir(parents=True)
    (tmp_path / "roles/r/meta/argument_specs.yml").write_text(SPEC)
    (tmp_path / "roles/r/tasks/main.yml").write_text("- {name: runs, debug: {msg: '{{ name }}'}}\n")
    return tmp_path


def shown(site: Path, given: str, capsys: pytest.CaptureFixture[str], verb: str = "run") -> str:
    (site / "play.yml").write_text(PLAY.replace("{VARS}", given))
    main([verb, *(["-v"] if verb == "run" else []), "-i", "localhost,", "play.yml"])
    return "".join(capsys.readouterr())


def test_every_fault_with_the_places_of_variable_and_spec(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(site, "{}", capsys)
    assert "missing required arguments: name" in text
    assert "--> play.yml:8:28" in text
    assert "the argument spec has it at roles/r/meta/argument_specs.yml:4:7" in text
    assert "argument 'port' is of type str and we were unable to convert to int" in text
    assert "--> play.yml:5:11" in text
    assert "roles/r/meta/argument_specs.yml:5:7" in text
    assert "r : runs" not in text


def test_the_task_is_seen(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(site, "{name: n, port: 1}", capsys)
    assert "ok        localhost: r : Validating arguments against arg spec 'main'" in text


def test_what_is_not_to_be_logged_is_masked(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(site, "{name: n, port: 1, key: hunter2}", capsys)
    assert "unable to convert to int: '********'" in text
    assert "hunter2" not in text


def test_a_plan_checks_what_is_known(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unable to convert to int" in shown(site, "{name: n}", capsys, "plan")
    text = shown(site, "{name: n, port: '{{ said.stdout }}'}", capsys, "plan")
    assert "unable to convert" not in text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("argument_specs: [1]\n", "`argument_specs` is a mapping of entry points"),
        ("argument_specs: {main: text}\n", "an argument spec is a mapping"),
        ("argument_specs: {main: {options: {a: text}}}\n", "the option `a` of an argument spec"),
        ("argument_specs: {main: {options: [a]}}\n", "is a mapping of options"),
    ],
)
def test_specs_that_are_none(
    site: Path, capsys: pytest.CaptureFixture[str], spec: str, words: str
) -> None:
    (site / "roles/r/meta/argument_specs.yml").write_text(spec)
    text = shown(site, "{name: n, port: 1}", capsys)
    assert words in text
    assert "Traceback" not in text
