"""Facts kept by one program count for the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
CFG = """\
[defaults]
fact_caching = jsonfile
fact_caching_connection = cache
fact_caching_prefix = p_
gathering = smart
localhost_warning = False
inventory = hosts.ini
"""
GATHER = """\
- hosts: a
  tasks:
    - set_fact: {mine: {z: 1}, cacheable: true}
    - set_fact: {brief: 1}
"""
READ = """\
- hosts: a
  tasks:
    - copy:
        dest: "{{ playbook_dir }}/out"
        content: >-
          {{ mine.z }} {{ ansible_facts.mine.z }} {{ ansible_os_family }}
          {{ brief | default('gone') }}
"""
CLEAR = "- {hosts: a, gather_facts: false, tasks: [{meta: clear_facts}]}\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    hosts = f"a ansible_connection=local ansible_python_interpreter={sys.executable}\n"
    for name, text in (
        ("ansible.cfg", CFG), ("hosts.ini", hosts),
        ("gather.yml", GATHER), ("read.yml", READ), ("clear.yml", CLEAR),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "home"))
    return tmp_path


def kplay(name: str) -> str:
    assert main(["run", name, "--report", "plain"]) == 0
    return ""


def ansible(name: str) -> str:
    if not ANSIBLE.exists():
        pytest.skip("ansible-core is not installed")
    done = subprocess.run([str(ANSIBLE), name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("first", [kplay, ansible])
@pytest.mark.parametrize("second", [kplay, ansible])
def test_facts_of_one_run_count_in_the_next(
    site: Path,
    first: Callable[[str], str],
    second: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first("gather.yml")
    kept = site / "cache/p_s1_a"
    facts = json.loads(json.loads(kept.read_text())["__payload__"])
    assert facts["_ansible_facts_gathered"] is True
    assert "brief" not in facts
    capsys.readouterr()
    said = second("read.yml") + capsys.readouterr().out
    assert (site / "out").read_text() == f"1 1 {facts['ansible_os_family']} gone"
    assert "Gathering Facts" not in said
    second("clear.yml")
    assert not kept.exists()


def test_a_plan_reads_the_cache_and_leaves_it(site: Path) -> None:
    kplay("gather.yml")
    kept = site / "cache/p_s1_a"
    before = kept.read_bytes()
    assert main(["plan", "clear.yml"]) == 0
    assert main(["plan", "gather.yml"]) == 0
    assert kept.read_bytes() == before


def test_explain_says_where_a_fact_was_kept(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kplay("gather.yml")
    capsys.readouterr()
    assert main(["explain", "ansible_os_family", "a"]) == 0
    said = capsys.readouterr().out
    assert "(a fact)" in said
    assert "old, kept in " in said
    assert "cache/p_s1_a" in said


def test_hosts_that_a_refresh_brings_have_their_kept_facts_and_may_be_absent(site: Path) -> None:
    (site / "cache").mkdir()
    (site / "cache/p_z").write_text('{"ansible_os_family": "kept"}')
    (site / "more").mkdir()
    (site / "grow.yml").write_text(
        "- hosts: a\n  gather_facts: false\n  tasks:\n"
        "    - copy:\n        dest: '{{ playbook_dir }}/more/new.ini'\n"
        "        content: |\n          [new]\n          z ansible_connection=local\n"
        "          gone kplay_absent=True\n"
        "    - meta: refresh_inventory\n"
        "- hosts: new\n  gather_facts: false\n  tasks:\n"
        "    - copy: {dest: '{{ playbook_dir }}/out', content: '{{ ansible_os_family }}'}\n"
    )
    assert main(["run", "-i", "hosts.ini", "-i", "more", "grow.yml", "--report", "plain"]) == 0
    assert (site / "out").read_text() == "kept"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fact_caching = redis", "`fact_caching` wants one of `memory`, `jsonfile`"),
        ("fact_caching = jsonfile", "wants a folder: `fact_caching_connection`"),
        ("gathering = often", "wants one of `implicit`, `explicit`, `smart`, not 'often'"),
        ("fact_caching_timeout = soon", "wants a number"),
    ],
)
def test_settings_that_cannot_be_followed(
    site: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    (site / "ansible.cfg").write_text(f"[defaults]\ninventory = hosts.ini\n{line}\n")
    assert main(["run", "gather.yml"]) == 1
    assert message in capsys.readouterr().err
