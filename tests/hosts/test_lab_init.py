"""From an inventory to hosts of its shape that answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kplay import lab as labs
from kplay.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.hosts
INVENTORY = """\
[control_plane]
cp[1:3].example.test ansible_host=192.0.2.1 ansible_user=nobody

[workers]
w[01:20].example.test

[cluster:children]
control_plane
workers
"""
SITE = """\
- hosts: cluster
  gather_facts: false
  tasks:
    - name: whoami
      command: hostname
      changed_when: false
      register: told
    - assert: {that: "told.stdout == inventory_hostname and lab_address == ansible_host"}
"""


def test_a_small_mirror_of_an_inventory_comes_up_and_is_reached_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = f"mirror{os.getpid()}.ini"
    (tmp_path / source).write_text(INVENTORY)
    (tmp_path / "site.yml").write_text(SITE)
    assert main(["lab", "init", "--from", source, "--size", "small", "-o", "lab.yml"]) == 0
    lab = labs.find_lab("lab.yml")
    assert [host.name for host in lab.hosts] == ["cp1", "cp2", "cp3", "w01"]
    try:
        capsys.readouterr()
        assert main(["lab", "up", "lab.yml"]) == 0
        told = capsys.readouterr()
        assert told.out == f"{labs.inventory_path(lab)}\n"
        assert f"{lab.name}: up; next: kplay plan --lab lab.yml PLAYBOOK\n" in told.err
        assert main(["run", "--lab", lab.name, "site.yml"]) == 0
        main(["lab", "status"])
        assert f"{lab.name:<20} nspawn     4 of 4 hosts running\n" in capsys.readouterr().out
    finally:
        assert main(["lab", "down", "lab.yml"]) == 0
    assert main(["run", "--lab", "lab.yml", "site.yml"]) == 4
    assert f"lab `{lab.name}` is not up" in capsys.readouterr().err
