"""Units that do not come up: the run says what they said."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytestmark = pytest.mark.hosts

PLAY = """\
- hosts: h1
  gather_facts: false
  become: true
  tasks:
    - name: unit
      copy:
        dest: /etc/systemd/system/kplay-lame.service
        content: |
          [Service]
          Type=notify
          ExecStart=/bin/sh -c 'echo no certificate; sleep {seconds}; exit 3'
          Restart=always
          TimeoutStartSec=0
    - name: start
      systemd: {{name: kplay-lame, state: restarted, daemon_reload: true}}
      {keyword}
"""
AWAY = "sudo systemctl stop kplay-lame; sudo rm -f /etc/systemd/system/kplay-lame.service"


@pytest.mark.parametrize(
    ("seconds", "keyword"),
    [(1, ""), (600, "timeout: 4"), (1, "no_log: true")],
    ids=["fails", "never ready", "no_log"],
)
def test_a_service_that_does_not_start(project: Any, seconds: int, keyword: str) -> None:
    project.write("site.yml", PLAY.format(seconds=seconds, keyword=keyword))
    began = time.monotonic()
    try:
        done = project.kplay("run", "site.yml")
    finally:
        project.on("h1", AWAY)
    assert done.code == 2, done.said
    assert time.monotonic() - began < 60
    if "no_log" in keyword:
        assert "no certificate" not in done.said
        return
    assert " = log of the unit" in done.said, done.said
    assert "     no certificate\n" in done.said
    assert " = unit: kplay-lame.service is activating (" in done.said
    if keyword:
        assert "did not end within its timeout of 4 seconds" in done.said
        assert " = unit: kplay-lame.service is activating (start)\n" in done.said
