"""Everything that ``ansible-playbook --help`` lists is honoured, or refused with a reason."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.ansible_cfg import AnsibleCfg
from kplay.cli import ansible_options, options
from kplay.cli.main import main
from kplay.cli.parser import parser
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions

PROGRAM = Path(sys.executable).with_name("ansible-playbook")
VERBS = ("plan", "apply", "run")


def parsed(*argv: str) -> RunOptions:
    return options.run_options(parser().parse_args(argv))


def known(verb: str) -> set[str]:
    choices: Any = next(one.choices for one in parser()._actions if one.dest == "verb")
    return {word for one in choices[verb]._actions for word in one.option_strings}


@pytest.mark.skipif(not PROGRAM.exists(), reason="no ansible-core here")
@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_ansible_playbook_is_known(verb: str):
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    listed = done.stdout.partition("\noptions:")[2]
    theirs = set(re.findall(r"(?:^  |, )(--?[A-Za-z][a-z-]*)", listed, re.MULTILINE))
    assert len(theirs) > 50
    elsewhere = {"--version"} | ({"-C", "--check"} if verb != "run" else set())
    vaults = {one for one in theirs if "vault" in one} | {"-J"}
    assert theirs - known(verb) - elsewhere - vaults == set()


@pytest.mark.parametrize("words", ansible_options.REFUSED, ids=lambda one: one[0][0])
def test_refused_options_say_why(
    words: tuple[tuple[str, ...], str], capsys: pytest.CaptureFixture[str]
):
    names, reason = words
    for name in names:
        assert main(["run", name, "x", "site.yml"]) == ExitCode.USAGE
        assert capsys.readouterr().err == f"error[usage]: `{name}` is not supported: {reason}\n"


def test_the_way_to_hosts():
    asked = parsed(
        "run", "-c", "ansible.builtin.local", "-T", "9", "--ssh-common-args=-J hop",
        "--ssh-extra-args=-o Port=22", "--force-handlers", "--flush-cache", "--start-at-task", "x",
        "--inventory-file", "h", "--become-method", "ansible.builtin.su", "site.yml",
    )  # fmt: skip
    assert (asked.connection, asked.timeout) == ("ansible.builtin.local", 9)
    assert (asked.ssh_common_args, asked.ssh_extra_args) == ("-J hop", "-o Port=22")
    assert (asked.force_handlers, asked.start_at_task) == (True, "x")
    assert (asked.inventory, asked.become_method) == (("h",), "ansible.builtin.su")


@pytest.mark.parametrize("wrong", [("-c", "winrm"), ("-T", "0"), ("--become-method", "runas")])
def test_what_cannot_be_is_refused(wrong: tuple[str, str]):
    with pytest.raises(UsageError):
        parsed("run", *wrong, "site.yml")


def test_passwords_from_files_and_programs(tmp_path: Path):
    secret, program = tmp_path / "secret", tmp_path / "program"
    secret.write_text("ssh-pw\n")
    program.write_text("#!/bin/sh\necho sudo-pw\n")
    program.chmod(0o700)
    asked = parsed(
        "run", "--conn-pass-file", str(secret), "--become-pass-file", str(program), "site.yml"
    )
    assert (asked.passwords.connection, asked.passwords.become) == ("ssh-pw", "sudo-pw")


def test_a_password_on_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("pw\n"))
    assert parsed("run", "--become-password-file", "-", "x.yml").passwords.become == "pw"


@pytest.mark.parametrize("content", [None, "", "#!/bin/sh\nexit 3\n"])
def test_no_password_in_the_file(tmp_path: Path, content: str | None):
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
        path.chmod(0o700 if content else 0o600)
    with pytest.raises(UsageError, match="password"):
        parsed("run", "--become-password-file", str(path), "site.yml")


def test_a_question_and_a_file_exclude_each_other():
    with pytest.raises(UsageError, match="not allowed with"):
        parsed("run", "-K", "--become-password-file", "x", "site.yml")


@pytest.mark.parametrize(
    ("said", "answer"), [("y\n", "y"), ("\n", "n"), ("", "n"), ("what\nContinue\n", "c")]
)
def test_answers_of_step(said: str, answer: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    ask = parsed("run", "--step", "site.yml").ask
    assert ask is not None
    assert ask("a task") == answer


@pytest.mark.parametrize("verb", VERBS)
def test_lists_end_without_a_run(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site.yml"
    site.write_text("- {hosts: web, gather_facts: false, tasks: [{name: one, ping: , tags: t}]}\n")
    shown = ["--list-tasks", "--list-hosts", "--list-tags"]
    assert main([verb, "-i", "web,", *shown, str(site)]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "", f"playbook: {site}", "", "  play #1 (web): web\tTAGS: []", "    pattern: ['web']",
        "    hosts (1):", "      web", "    tasks:", "      one\tTAGS: [t]", "      TASK TAGS: [t]",
        "",
    ]  # fmt: skip
    assert main([verb, "--syntax-check", str(site)]) == ExitCode.OK
    assert not (tmp_path / ".kplay").exists()
    site.write_text("- {hosts: web, tasks: [{png: }]}\n")
    assert main([verb, "--syntax-check", str(site)]) == ExitCode.BAD_INPUT


def test_folders_of_modules_come_before_those_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANSIBLE_LIBRARY", "/srv/library")
    asked = parsed("run", "-M", f"one{os.pathsep}/two", "--module-path", "three", "site.yml")
    libraries = asked.ansible_cfg.libraries
    named = [tmp_path / "three", tmp_path / "one", Path("/two"), Path("/srv/library")]
    assert list(libraries) == named
    kept = AnsibleCfg.restored(asked.ansible_cfg.stored())
    assert list(kept.libraries) == named
    assert list(parsed("run", "site.yml").ansible_cfg.libraries) == [Path("/srv/library")]
