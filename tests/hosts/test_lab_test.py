"""``kplay lab test`` with real machines, as a user's CI calls it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from lab_traces import traces

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.hosts

SITE = """\
- hosts: all
  become: true
  tasks:
    - name: Say who is here
      copy: {content: "{{ inventory_hostname }} {{ lab_name }}\\n", dest: /etc/motd}
    - name: Make a user
      user: {name: app, shell: /bin/sh}
    - name: Look for the user
      command: id app
      changed_when: false
      tags: verify
"""


class Test:
    """Runs of the command in a user's folder, on a lab of one host."""

    __test__ = False

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.lab = labs.Lab(name, "nspawn", (labs.LabHost("cp1"),))

    def start(self, site: str, *words: str) -> subprocess.Popen[str]:
        (self.folder / "site.yml").write_text(site)
        argv = [sys.executable, "-m", "kplay", "lab", "test", "site.yml", "--lab", "single",
                "--name", self.lab.name, "--output", "out", "--report-file", "report.json",
                "--report-file", "report.xml", *words]  # fmt: skip
        return subprocess.Popen(
            argv,
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, site: str, *words: str) -> tuple[int, str]:
        process = self.start(site, *words)
        said, _ = process.communicate(timeout=240)
        assert "Traceback" not in said
        return process.returncode, said

    def report(self) -> dict:
        return json.loads((self.folder / "report.json").read_text())

    def outcomes(self) -> dict[str, str]:
        return {one["name"]: one["outcome"] for one in self.report()["stages"]}


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Test]:
    made = Test(tmp_path, f"try-{os.getpid()}")
    yield made
    left = traces(made.lab)
    labs.down(made.lab, progress=lambda host, message: None)
    assert left == []


def test_a_good_playbook_passes_and_leaves_nothing(rehearsal: Test) -> None:
    code, said = rehearsal.run(SITE)
    assert code == 0, said
    assert set(rehearsal.outcomes().values()) == {"passed"}
    assert "the plan was exact: 2 planned, 2 made" in said
    report = rehearsal.report()
    assert report["plan"]["exact"] is True
    assert sum(one["seconds"] for one in report["stages"]) <= report["seconds"] + 0.1
    suite = ET.parse(rehearsal.folder / "report.xml").getroot()[0]  # noqa: S314 - our own report
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "0", "0")
    assert f"{rehearsal.lab.name}: down" in (rehearsal.folder / "out/down.log").read_text()


def test_a_failing_playbook_is_named_and_the_lab_is_gone(rehearsal: Test) -> None:
    bad = SITE + "    - name: Fall over\n      command: ls /nowhere\n"
    code, said = rehearsal.run(bad)
    assert code == 2, said
    assert "site.yml:13: Fall over [cp1]: non-zero return code: ls: cannot access" in said
    assert "kplay resume" not in said
    assert rehearsal.outcomes() == {
        "load": "passed", "up": "passed", "plan": "passed", "apply": "failed",
        "plan again": "not run", "verify": "not run", "down": "passed",
    }  # fmt: skip
    assert "No such file or directory" in (rehearsal.folder / "out/apply.log").read_text()


def test_a_playbook_that_would_do_it_again_is_named(rehearsal: Test) -> None:
    code, said = rehearsal.run(SITE + "    - name: Log it\n      shell: date >> /var/log/app\n")
    assert code == 3, said
    assert "site.yml:13: Log it [cp1]: would run again" in said
    [left] = [one for one in rehearsal.report()["stages"] if one["outcome"] == "failed"]
    assert (left["name"], left["exit_code"]) == ("plan again", 3)
    assert rehearsal.outcomes()["verify"] == "passed"


def test_a_lab_that_is_kept_can_be_tested_again(rehearsal: Test) -> None:
    code, said = rehearsal.run(SITE, "--keep")
    assert code == 0, said
    assert f"`kplay lab down {rehearsal.lab.name}`" in said
    code, said = rehearsal.run(SITE)
    assert code == 5, said
    assert "is up already" in said
    argv = [sys.executable, "-m", "kplay", "lab", "test", "site.yml", "--no-up"]
    done = subprocess.run(
        [*argv, "--lab", rehearsal.lab.name, "--second-apply"],
        cwd=rehearsal.folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "apply again  passed" in done.stdout
    assert labs.status(rehearsal.lab)[0].state == "running"
    labs.down(rehearsal.lab, progress=lambda host, message: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_test_leaves_nothing(rehearsal: Test, number: int) -> None:
    slow = SITE + "    - name: Wait for it\n      command: sleep 60\n"
    process = rehearsal.start(slow)
    log = rehearsal.folder / "out/apply.log"
    deadline = time.monotonic() + 120
    while not (log.exists() and "Make a user" in log.read_text()):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(number)
    if number == signal.SIGINT:
        # Once waits for the step, twice does not
        time.sleep(0.5)
        process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert rehearsal.outcomes()["down"] == "passed"
