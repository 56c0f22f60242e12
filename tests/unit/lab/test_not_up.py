"""A lab or a host that is not up: one exit code, whichever verb meets it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from kplay.cli.lab import _DEEDS
from kplay.cli.main import main
from kplay.errors import CommandError, ExitCode, InputError, KplayError, LockedError
from kplay.lab.find import find
from kplay.lab.not_up import NotUpError, coming_up
from kplay.lab.nspawn import bring_up, place
from kplay.lab.nspawn.place import Place
from kplay.lab.nspawn.record import Record
from kplay.lab.write import save

DOUBLE = Path(__file__).parent / "vagrant/double.py"
TEXT = "name: demo\nprovider: {}\nvagrant: {{provider: libvirt}}\nhosts: {{a: , b: }}\n"

# Of every deed the command lines that need the lab, or its host `a`, up.
NEEDING = {
    "status": ["status LAB"],
    "ssh": ["ssh LAB a true"],
    "inventory": ["inventory LAB"],
    "snapshot": ["snapshot LAB", "snapshot LAB --list", "snapshot LAB --remove x"],
    "restore": ["restore LAB", "restore LAB x"],
    "fault": ["fault a cut --lab LAB", "fault a slow 50ms --lab LAB", "fault a reboot --lab LAB"],
    "heal": ["heal a --lab LAB"],
    "halt": ["halt LAB"],
    "test": ["test site.yml --lab LAB --no-up"],
}
# These make a lab, take it down or only write its file.
OTHERS = {"init", "up", "down"}
EVERY = [line for lines in NEEDING.values() for line in lines]
RUNS = ["plan", "apply", "run", "graph", "lint", "explain x a", "inventory"]


@pytest.fixture(params=["nspawn", "vagrant"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of a lab that nobody brought up; the double stands for vagrant."""
    programs = tmp_path / "bin"
    programs.mkdir()
    vagrant = programs / "vagrant"
    vagrant.write_text(f'#!/bin/sh\nexec {sys.executable} {DOUBLE} "$@"\n')
    vagrant.chmod(vagrant.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DOUBLE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("VAGRANT_DEFAULT_PROVIDER", raising=False)
    monkeypatch.setattr(place, "ROOT", tmp_path / "nspawn")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.chdir(tmp_path)
    Path("site.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [{ping: }]\n")
    Path("lab.yml").write_text(TEXT.format(request.param))
    return "lab.yml"


def made(file: str) -> None:
    """What a lab leaves whose hosts were made and do not run."""
    lab = find(file)
    if lab.provider == "nspawn":
        files = Place(lab.name)
        files.path.mkdir(parents=True)
        record = Record({"main": "10.91.1.0/24"}, {})
        record.with_hosts(lab, dict.fromkeys(["debian-12"], files.path)).save(files)
        for host in lab.hosts:
            files.host(host.name).path.mkdir(parents=True)
    else:
        from kplay.lab.vagrant.place import Place as VagrantPlace

        files = VagrantPlace(lab.name)
        for host in lab.hosts:
            machine = files.dotfiles / "machines" / host.name / "libvirt"
            machine.mkdir(parents=True)
            (machine / "id").write_text(host.name)
            (machine / "state").write_text("poweroff")
    save(lab, files.lab_file)


def test_every_deed_is_here() -> None:
    assert {*NEEDING, *OTHERS} == {*_DEEDS}


@pytest.mark.parametrize("line", EVERY)
def test_a_deed_that_needs_a_lab_up(
    lab: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["lab", *line.replace("LAB", lab).split()])
    told = capsys.readouterr()
    assert code == ExitCode.UNREACHABLE, told
    if line.startswith("status"):
        assert [row.split() for row in told.out.splitlines()] == [["a", "absent"], ["b", "absent"]]
    elif line.startswith("test"):
        assert "not up: a, b" in told.out
    else:
        assert told.err == (
            "error[lab-not-up]: lab `demo` is not up\n"
            " = help: `kplay lab up lab.yml` makes its hosts\n"
        )


@pytest.mark.parametrize("verb", RUNS)
def test_a_run_on_a_lab_that_is_not_up(
    lab: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *rest = verb.split()
    books = [] if name in ("inventory", "explain") else ["site.yml"]
    assert main([name, "--lab", lab, *rest, *books]) == ExitCode.UNREACHABLE
    assert "error[lab-not-up]: lab `demo` is not up" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["ssh LAB a true", "fault a cut --lab LAB", "heal a --lab LAB", "status LAB"]
)
def test_a_deed_that_needs_a_host_up(
    lab: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made(lab)
    assert main(["lab", *line.replace("LAB", lab).split()]) == ExitCode.UNREACHABLE
    told = capsys.readouterr()
    if line.startswith("status"):
        assert [row.split()[1] for row in told.out.splitlines()] == ["stopped", "stopped"]
    else:
        assert told.err == (
            "error[lab-not-up]: host `a` of lab `demo` is not up\n"
            " = help: `kplay lab up demo` makes it, or boots it\n"
        )


def test_what_no_lab_is_and_what_is_down_already(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "down", lab]) == ExitCode.OK
    for line in EVERY:
        assert main(["lab", *line.replace("LAB", "nolab").split()]) == ExitCode.BAD_INPUT, line
        assert "no lab file and no lab named `nolab`" in capsys.readouterr().err
    made(lab)
    assert main(["lab", "ssh", lab, "nobody"]) == ExitCode.BAD_INPUT
    assert main(["lab", "heal", "nobody", "--lab", lab]) == ExitCode.BAD_INPUT


@pytest.mark.usefixtures("lab")
def test_a_ready_made_lab_is_named_as_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "halt", "1+2"]) == ExitCode.UNREACHABLE
    assert "`kplay lab up 1+2` makes its hosts" in capsys.readouterr().err
    assert main(["lab", "heal", "a"]) == ExitCode.UNREACHABLE
    assert "error[lab-not-up]: no lab is up" in capsys.readouterr().err


def test_hosts_that_do_not_come_up(
    lab: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kplay.lab.nspawn import provider

    def fail(*_: object) -> None:
        raise CommandError(["ip"], 2, "no such device")

    monkeypatch.setattr(provider, "need_programs", lambda _: [])
    monkeypatch.setattr(provider, "settle", fail)
    monkeypatch.setenv("DOUBLE_FAIL", "Vagrant::Errors::VMBootBad: it did not boot")
    assert main(["lab", "up", lab]) == ExitCode.UNREACHABLE
    assert capsys.readouterr().err.startswith("error[unreachable]: ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KplayError("x"), ExitCode.UNREACHABLE),
        (CommandError(["x"], 1, ""), ExitCode.UNREACHABLE),
        (InputError(()), ExitCode.BAD_INPUT),
        (LockedError("x"), ExitCode.LOCKED),
        (NotUpError(()), ExitCode.UNREACHABLE),
    ],
)
def test_what_keeps_hosts_from_coming_up(error: KplayError, code: ExitCode) -> None:
    with pytest.raises(type(error)) as caught, coming_up():
        raise error
    assert caught.value.exit_code == code
    assert KplayError.exit_code == ExitCode.STEP_FAILED


def test_all_of_bring_up_is_coming_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KplayError("no bridge")

    monkeypatch.setattr(bring_up.network, "make_bridges", fail)
    with pytest.raises(KplayError) as caught:
        bring_up.bring_up(find("single"), Place("x"), Record({"main": "10.1.1.0/24"}, {}), print)
    assert caught.value.exit_code == ExitCode.UNREACHABLE
