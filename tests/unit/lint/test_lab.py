from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("up", [True, False])
def test_the_disks_of_lab_hosts_define_nothing(
    up: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab, project = tmp_path / "lab", tmp_path / "project"
    (lab / "hosts/h1/upper/etc").mkdir(parents=True)
    (lab / "hosts/h1/upper/etc/thing.yml").write_text("somewhere: 1\n")
    (lab / "inventory.yml").write_text("all: {hosts: {h1: }}\n")
    for name in ("lab.yml", "known_hosts") if up else ():
        (lab / name).write_text("")
    project.mkdir()
    (project / "site.yml").write_text(
        "- hosts: all\n  tasks:\n    - debug: {msg: '{{ somewhere }}'}\n"
    )
    argv = ["lint", "--format", "json", "-i", str(lab / "inventory.yml")]
    main([*argv, str(project / "site.yml")])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    undefined = [one["message"] for one in found if one["code"] == "undefined-variable"]
    assert undefined == (["nothing defines `somewhere`"] if up else [])
