"""A controller that dies is gone on with, on this machine and without root."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    deadline = time.monotonic() + 60
    while not log.exists():
        assert time.monotonic() < deadline, "the slow step has not begun"
        time.sleep(0.05)
    begun.send_signal(signal.SIGKILL)
    begun.wait(10)
    resumed = subprocess.run(
        [*kplay, "resume"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert log.read_text().split() == ["begun", "slow", "after"]
