"""What goes wrong in a run before a host is asked: the fault, the task, the item, the way there.

A case is a folder with a playbook, its inventory and ``expected.txt``. With KPLAY_GOLDEN=write the
expectations are written anew; read the difference before committing it.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode

CASES = Path(__file__).parent / "running"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def run(case: str, runs: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.chdir(CASES / case)
    where = ["--runs-directory", str(runs), "-i", "inventory.ini"]
    return main(["run", *where, *options, "playbook.yml"])


def faults(said: str) -> str:
    """The diagnostics in a report, without what differs from run to run."""
    found = re.findall(r"^error\[.*?(?=^ = journal)", said, re.DOTALL | re.MULTILINE)
    return "\n".join(found)


@pytest.mark.parametrize("case", NAMES)
def test_what_the_user_is_shown(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = run(case, tmp_path, monkeypatch)
    shown = f"{faults(capsys.readouterr().out)}exit code {code}\n"
    expected = CASES / case / "expected.txt"
    if os.environ.get("KPLAY_GOLDEN") == "write":
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


def test_programs_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = "template-of-a-role-in-a-loop"
    assert run(case, tmp_path, monkeypatch, "--report", "jsonl") == ExitCode.STEP_FAILED
    events: list[dict[str, Any]] = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    ended = [one for one in events if one["event"] == "StepEnded"]
    (failed,) = [one for one in ended if one["status"] == "failed" and not one["loop"]]
    assert failed["place"]["item"] == "two"
    assert failed["place"]["file"] == "roles/site/tasks/pages.yml"
    (fault,) = failed["result"]["diagnostics"]
    assert fault["span"] == {
        "file": "roles/site/templates/page.j2",
        "line": 4,
        "column": 9,
        "end_line": 4,
        "end_column": 15,
    }
    assert fault["notes"] == [
        "needed by the task at roles/site/tasks/pages.yml:2",
        "reached from roles/site/tasks/main.yml:2",
        "role `site`, used at playbook.yml:6",
    ]
