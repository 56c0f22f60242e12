"""Lists of hosts, tasks and tags say what ansible-playbook's say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from oracle.cases import CASES, INVENTORY

from kplay.cli.main import main
from kplay.errors import ExitCode

PROGRAM = Path(sys.executable).with_name("ansible-playbook")
PLAYBOOK = CASES / "listing" / "play.yml"


def theirs(options: list[str], home: Path) -> str:
    env = {**os.environ, "ANSIBLE_HOME": str(home), "ANSIBLE_LOCALHOST_WARNING": "False"}
    done = subprocess.run(
        [PROGRAM, *options], capture_output=True, text=True, check=True, env=env, cwd=home
    )
    return done.stdout


def told(text: str) -> list[str]:
    """The lines, but for collections before modules' names; hosts are a set to ansible-playbook."""
    lines = [re.sub(r"ansible\.builtin\.", "", line.rstrip()) for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not any(line.startswith("    hosts (") for line in lines):
        return lines
    return sorted(lines)


@pytest.mark.skipif(not PROGRAM.exists(), reason="no ansible-core here")
@pytest.mark.parametrize(
    "asked",
    ["--list-tasks", "--list-tags", "--list-hosts", "--list-hosts --list-tasks --list-tags",
     "--list-tasks --tags a", "--list-tags --tags a", "--list-tasks --skip-tags a,rt",
     "--list-hosts --limit b", "--syntax-check"],
)  # fmt: skip
def test_as_ansible_playbook_lists(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(PLAYBOOK.parent)
    options = ["-i", str(INVENTORY), *asked.split(), "play.yml", "other.yml"]
    assert main(["run", *options]) == ExitCode.OK
    ours = capsys.readouterr().out
    options[-2:] = [str(PLAYBOOK.parent / name) for name in options[-2:]]
    expected = theirs(options, tmp_path).replace(f"playbook: {PLAYBOOK.parent}/", "playbook: ")
    assert told(ours) == told(re.sub(r"playbook: .*/", "playbook: ", expected))
