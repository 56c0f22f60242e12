"""JSON and SARIF, whose required properties are those of the OASIS schema of SARIF 2.1.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode

LEVELS = {"none", "note", "warning", "error"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    (tmp_path / "play book.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - debug: {msg: '{{ undefined_one }}'}\n"
        "    - debug: {msg: '{{ another }}'}\n      when: inventory_hostname == 'w1'\n"
    )
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    code = main(["lint", "-i", "w1,", *argv])
    return code, json.loads(capsys.readouterr().out)


def test_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, data = shown(capsys, "--format", "json", "play book.yml")
    assert code == ExitCode.BAD_INPUT
    assert (data["errors"], data["warnings"], data["files"]) == (1, 1, 1)
    first = data["diagnostics"][0]
    assert first["code"] == "undefined-variable"
    assert first["severity"] == "error"
    assert first["span"] == {
        "file": "play book.yml",
        "line": 4,
        "column": 24,
        "end_line": 4,
        "end_column": 37,
    }


def test_sarif(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, log = shown(capsys, "--format", "sarif", "-t", "nothing", "play book.yml")
    assert code == ExitCode.BAD_INPUT
    assert log["version"] == "2.1.0"
    assert {"version", "runs"} <= set(log) <= {"$schema", "version", "runs"}
    (run,) = log["runs"]
    assert "tool" in run
    driver = run["tool"]["driver"]
    assert driver["name"] == "kplay"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert [one["ruleId"] for one in run["results"]] == [
        "unknown-tag",
        "undefined-variable",
        "possibly-undefined",
    ]
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in LEVELS
        assert ids[result["ruleIndex"]] == result["ruleId"]
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            assert place["artifactLocation"]["uri"] == "play%20book.yml"
            region = place["region"]
            assert all(isinstance(one, int) and one >= 1 for one in region.values())
            assert region["endLine"] >= region["startLine"]
            assert region["endColumn"] > region["startColumn"]
    assert "locations" not in run["results"][0]


def test_exit_codes(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warned = site / "warned.yml"
    warned.write_text("- hosts: all\n  tasks: [{debug: {msg: '{{ b }}'}, when: a is defined}]\n")
    clean = site / "clean.yml"
    clean.write_text("- hosts: all\n  tasks: [{debug: {msg: hello}}]\n")
    assert main(["lint", "-i", "w1,", "warned.yml"]) == ExitCode.OK
    assert main(["lint", "-i", "w1,", "--strict", "warned.yml"]) == ExitCode.BAD_INPUT
    assert main(["lint", "-i", "w1,", "--strict", "clean.yml"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[-1] == "lint: nothing found in 1 file"
    assert main(["lint", "absent.yml"]) == ExitCode.BAD_INPUT
    assert main(["lint"]) == ExitCode.USAGE


def test_the_table_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    from kplay.lint.rules import RULES

    assert main(["lint", "--rules"]) == ExitCode.OK
    out = capsys.readouterr().out
    documented = (Path(__file__).parents[3] / "docs/lint.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"{rule.code} " in out
        assert f"| `{rule.code}` |" in documented
        assert rule.about in out
        assert rule.about in documented
