"""Runs with vaulted variables and files, on the controller itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main
from kplay.vault import envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAY = """
- hosts: h
  gather_facts: false
  vars_files: [vars.yml]
  tasks:
    - {name: first, copy: {content: "{{ word }}", dest: "{{ playbook_dir }}/out"}}
    - {name: said, command: "cat {{ playbook_dir }}/out", register: said}
    - {name: file, copy: {src: sealed.txt, dest: "{{ playbook_dir }}/copied"}}
    - {name: stops, command: "cat {{ playbook_dir }}/allowed"}
    - name: last
      copy: {content: "{{ said.stdout }} {{ inner }}", dest: "{{ playbook_dir }}/end"}
"""
SECRETS = ("hush-hush", "in-a-file", "lines of a file")


def sealed(text: str, label: str = "") -> str:
    return envelope.seal(text.encode(), b"pw", label)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inv").write_text("h ansible_connection=local\n")
    indented = sealed("hush-hush").replace("\n", "\n  ")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "h.yml").write_text(f"word: !vault |\n  {indented}\n")
    (tmp_path / "vars.yml").write_text(sealed("inner: in-a-file\n"))
    (tmp_path / "sealed.txt").write_text(sealed("lines of a file\n"))
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "pw").write_text("pw\n")
    return tmp_path


@pytest.fixture
def shown(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    def read() -> str:
        text = "".join(capfd.readouterr())
        assert [word for word in SECRETS if word in text] == []
        return text

    return read


def test_a_run_is_resumed_with_its_passwords_sourced_again(
    site: Path, shown: Callable[[], str]
) -> None:
    asked = ["-D", "-vv", "-i", "inv", "--vault-password-file", "pw", "play.yml"]
    assert main(["plan", *asked]) == 0
    assert "+ file  [h]" in shown()
    assert main(["run", *asked]) == 2
    assert "allowed" in shown()
    (site / "allowed").touch()
    assert main(["resume", "-vv"]) == 0
    shown()
    assert (site / "end").read_text() == "hush-hush in-a-file"
    assert (site / "copied").read_text() == "lines of a file\n"
    (run,) = (site / ".kplay/runs").iterdir()
    for path in run.iterdir():
        text = path.read_text()
        assert [word for word in (*SECRETS, '"pw"') if word in text] == [], path.name


def test_a_resumed_run_may_be_told_of_another_source(
    site: Path, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["run", "-i", "inv", "--vault-password-file", "pw", "play.yml"]
    assert main(asked) == 2
    (site / "allowed").touch()
    (site / "pw").rename(site / "moved")
    assert main(["resume"]) == 1
    assert "no vault password file at `pw`" in shown()
    assert main(["resume", "--vault-id", "x@moved"]) == 0
    assert (site / "end").exists()


def test_without_a_password_the_place_is_told(site: Path, shown: Callable[[], str]) -> None:
    assert main(["plan", "-i", "inv", "play.yml"]) == 1
    text = shown()
    assert "error[no-vault-password]" in text
    assert "vars.yml:1:1" in text
    (site / "vars.yml").write_text("inner: in-a-file\n")
    assert main(["run", "-i", "inv", "play.yml"]) == 1
    assert "host_vars/h.yml:1:7" in shown()
    (site / "play.yml").write_text(PLAY.replace("{{ word }}", "plain").replace("sealed.txt", "inv"))
    assert main(["run", "-i", "inv", "play.yml"]) == 2
    assert (site / "out").read_text() == "plain"


def test_the_wrong_password_of_a_file_to_copy(site: Path, shown: Callable[[], str]) -> None:
    (site / "other").write_text("other")
    (site / "sealed.txt").write_text(envelope.seal(b"x", b"other", "files"))
    ids = ["--vault-id", "vars@pw", "--vault-id", "more@pw"]
    assert main(["run", "-i", "inv", *ids, "play.yml"]) == 1
    text = shown()
    assert "error[wrong-vault-password]: file: no vault password opens this" in text
    assert "vault id `files`; tried: `vars`, `more`" in text
    assert main(["plan", "-i", "inv", *ids, "--vault-id", "files@other", "play.yml"]) == 0


def test_encrypted_inventories_and_extra_variables(site: Path, shown: Callable[[], str]) -> None:
    (site / "inv.yml").write_text(
        sealed("all: {hosts: {h: {ansible_connection: local, inner: from-inventory}}}\n")
    )
    (site / "extra.yml").write_text(sealed("word: extra-word\n"))
    (site / "allowed").touch()
    asked = ["-i", "inv.yml", "-e", "@extra.yml", "--vault-password-file", "pw", "play.yml"]
    assert main(["run", *asked]) == 0
    shown()
    assert (site / "out").read_text() == "extra-word"
    (site / "ini").write_text(sealed("[g]\nh ansible_connection=local\n"))
    assert main(["inventory", "-i", "ini", "--vault-password-file", "pw", "--graph"]) == 0
    assert "--h" in shown()


def test_files_that_templates_and_lookups_read(site: Path, shown: Callable[[], str]) -> None:
    (site / "t.j2").write_text(sealed("{{ nothing.here }}\n"))
    (site / "play.yml").write_text(
        "- hosts: h\n  gather_facts: false\n  tasks:\n"
        "    - template: {src: t.j2, dest: '{{ playbook_dir }}/t'}\n"
    )
    assert main(["run", "-i", "inv", "--vault-password-file", "pw", "play.yml"]) == 1
    text = shown()
    assert "t.j2:1:1" in text
    assert "nothing.here" not in text
    (site / "play.yml").write_text(
        "- hosts: h\n  gather_facts: false\n  tasks:\n"
        "    - debug: {msg: \"{{ lookup('file', 'sealed.txt') }}\"}\n"
    )
    assert main(["run", "-v", "-i", "inv", "--vault-password-file", "pw", "play.yml"]) == 0
    assert "********" in shown()
    assert main(["run", "-v", "-i", "inv", "play.yml"]) == 1
    assert "sealed.txt:1:1" in shown()
