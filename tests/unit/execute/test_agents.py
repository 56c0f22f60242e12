"""The way to a host: what it says itself, then the playbook, then the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.execute.agents import target_of
from kplay.execute.options import RunOptions
from kplay.execute.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.transport.target import Target

HOSTS = "[all]\na\nb ansible_connection=ssh ansible_ssh_timeout=3 ansible_ssh_extra_args='-p 1'\n"


def target(tmp_path: Path, host: str, **asked: Any) -> Target:
    (tmp_path / "hosts.ini").write_text(HOSTS)
    (tmp_path / "site.yml").write_text("- {hosts: all, gather_facts: false}\n")
    playbooks, inventory = (tmp_path / "site.yml",), (str(tmp_path / "hosts.ini"),)
    prepared = prepare(RunOptions(playbooks=playbooks, inventory=inventory, **asked))
    return target_of(prepared, host)


def test_the_command_line_speaks_for_hosts_that_say_nothing(tmp_path: Path):
    asked = {"timeout": 9, "ssh_common_args": "-J hop", "ssh_extra_args": "-p 2"}
    silent = target(tmp_path, "a", connection="local", **asked)
    assert (silent.connection, silent.timeout, silent.ssh_args) == ("local", 9, "-J hop -p 2")
    own = target(tmp_path, "b", connection="local", **asked)
    assert (own.connection, own.timeout, own.ssh_args) == ("ssh", 3, "-J hop -p 1")


def test_localhost_stays_local(tmp_path: Path):
    assert target(tmp_path, "localhost", connection="openssh").connection == "local"
    assert target(tmp_path, "a").connection == "ssh"
