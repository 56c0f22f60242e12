"""A controller that dies is gone on with, on this machine and without root."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - {name: slow, shell: "echo begun >> log; sleep 2; echo slow >> log", args: {chdir: .}}
    - {name: after, shell: "echo after >> log"}
"""


def test_a_killed_controller(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "site.yml").write_text(PLAYBOOK.replace("log", str(log)))
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    kplay = [sys.executable, "-m", "kplay"]
    begun = subprocess.Popen(
        [*kplay, "run", "-i", "hosts", "site.yml"], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    _until(log.exists)
    begun.send_signal(signal.SIGKILL)
    begun.wait(10)
    resumed = subprocess.run(
        [*kplay, "resume"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert log.read_text().split() == ["begun", "slow", "after"]


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "the slow step has not begun"
        time.sleep(0.05)


PARTS = """\
- hosts: all
  gather_facts: false
  tasks:
    - {name: look, stat: {path: OUT/once}, register: once}
    - {name: kept, copy: {content: "1", dest: OUT/kept}}
    - {name: once, copy: {content: "1", dest: OUT/once}, when: not once.stat.exists}
    - {name: more, include_tasks: more.yml, when: not once.stat.exists}
    - {name: each, copy: {content: "1", dest: "OUT/{{ item }}"}, loop: [one, two]}
    - {name: acts, shell: "echo acts >> OUT/log"}
    - {name: reads, command: cat OUT/log, changed_when: false}
    - {name: breaks, command: test -e OUT/healed}
    - {name: fresh, copy: {content: "1", dest: OUT/fresh}}
"""


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs kplay in a project whose playbook breaks until ``out/healed`` is there."""
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "site.yml").write_text(PARTS.replace("OUT", str(out)))
    inner = "- {name: inner, shell: echo inner >> OUT/log}\n".replace("OUT", str(out))
    (tmp_path / "more.yml").write_text(inner)
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        kplay = [sys.executable, "-m", "kplay", *words]
        return subprocess.run(
            kplay, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_what_was_done_before_the_break_is_told_apart(broken, tmp_path: Path) -> None:
    assert broken("run", "-i", "hosts", "site.yml").returncode == 2
    again = broken("resume")
    # Still broken, and as many changes as before
    assert again.returncode == 2
    assert " changed=5 " in again.stdout
    assert "earlier=5" in again.stdout
    (tmp_path / "out/healed").touch()
    told = broken("resume")
    assert told.returncode == 0, told.stdout
    lines = told.stdout.splitlines()
    assert lines[2:-2] == [
        "earlier   h1: kept",
        "earlier   h1: once",
        "earlier   h1: each (one)",
        "earlier   h1: each (two)",
        "earlier   h1: acts",
        "changed   h1: breaks",
        "changed   h1: fresh",
        "earlier   h1: inner",
    ]
    assert lines[-1].endswith("ended: 7 changes on 1 host, 5 of them before the resume")
    assert (tmp_path / "out/log").read_text().split() == ["inner", "acts"]
    assert broken("resume").stdout.startswith("warning: run ")


def test_json_tells_it_too(broken, tmp_path: Path) -> None:
    assert broken("run", "-i", "hosts", "site.yml").returncode == 2
    (tmp_path / "out/healed").touch()
    told = [json.loads(line) for line in broken("resume", "--report", "jsonl").stdout.splitlines()]
    ended = [one for one in told if one["event"] == "StepEnded" and not one["loop"]]
    earlier = [one["place"]["task"] for one in ended if one["earlier"]]
    assert earlier == ["kept", "once", "each", "each", "acts", "inner"]
    assert {one["status"] for one in ended if one["earlier"]} == {"changed"}
    assert told[-1]["earlier"] == {"h1": 5}
    assert told[-1]["counts"]["h1"]["changed"] == 7


def test_what_a_plan_file_wants_is_not_missed_where_it_was_done(broken, tmp_path: Path) -> None:
    assert broken("plan", "-i", "hosts", "site.yml", "-o", "the.plan").returncode == 0
    assert broken("apply", "--yes", "the.plan").returncode == 2
    (tmp_path / "out/healed").touch()
    told = broken("resume")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "drift" not in told.stdout


LEFT = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: slow
      shell: |
        echo begun >> LOG
        for one in $(seq 600); do test -e LOG.go && break; sleep 0.1; done
        echo slow >> LOG
    - {name: after, shell: "echo after >> LOG"}
"""


def _interrupted(folder: Path) -> list[str]:
    """The lines of a run that gets SIGINT when its first step has begun, and when it says so."""
    kplay = [sys.executable, "-m", "kplay", "run", "-i", "hosts", "site.yml"]
    told = []
    with subprocess.Popen(kplay, cwd=folder, stdout=subprocess.PIPE, text=True) as begun:
        assert begun.stdout is not None
        _until((folder / "log").exists)
        begun.send_signal(signal.SIGINT)
        for line in begun.stdout:
            told.append(line.rstrip())
            if line.startswith("warning: stopping"):
                begun.send_signal(signal.SIGINT)
    assert begun.returncode == 130
    return told


def test_two_interrupts_tell_what_they_leave(broken, tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "site.yml").write_text(LEFT.replace("LOG", str(log)))
    told = _interrupted(tmp_path)
    assert (
        "warning: stopping when what is under way has ended: h1: slow"
        " (Ctrl-C again leaves it to the hosts)"
    ) in told
    (left,) = [line for line in told if line.startswith("left")]
    said = "left      h1: slow: its change had begun, and the host goes on with it ("
    assert left.startswith(said)
    (folder,) = (tmp_path / ".kplay/runs").iterdir()
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    (event,) = [one for one in events if one["event"] == "StepLeft"]
    assert (event["state"], event["place"]["task"]) == ("begun", "slow")
    (tmp_path / "log.go").touch()
    assert broken("resume").returncode == 0
    assert log.read_text().split() == ["begun", "slow", "after"]
