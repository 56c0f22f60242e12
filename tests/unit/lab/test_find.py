from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kplay import lab as labs
from kplay.cli.main import main
from kplay.errors import ExitCode, InputError, KplayError
from kplay.lab import find, standing
from kplay.lab.load import load_string
from kplay.lab.nspawn import place
from kplay.lab.write import save

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "name: demo\nhosts: {a: , b: {groups: [g], memory: 512}}\ngroups: {g: {vars: {x: [1]}}}\n"


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    monkeypatch.setattr(place, "ROOT", tmp_path / "nspawn")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return {"nspawn": tmp_path / "nspawn", "vagrant": tmp_path / "state/kplay/lab"}


def stand(root: Path, provider: str) -> labs.Lab:
    lab = load_string(TEXT + f"provider: {provider}\n", "lab.yml")
    (root / lab.name).mkdir(parents=True)
    save(lab, root / lab.name / "lab.yml")
    return lab


@pytest.mark.parametrize("provider", ["nspawn", "vagrant"])
def test_a_lab_that_is_up_is_found_by_its_name(roots: dict[str, Path], provider: str) -> None:
    lab = stand(roots[provider], provider)
    found = labs.find_lab("demo")
    assert (found.hosts, found.groups, found.provider) == (lab.hosts, lab.groups, provider)
    assert standing.names() == ["demo"]


def test_only_root_may_look_at_a_lab_of_nspawn_machines(
    roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(roots["nspawn"], "nspawn")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KplayError, match="need root"):
        labs.find_lab("demo")


def test_a_lab_keeps_the_provider_that_it_is_up_under(
    roots: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "lab.yml"
    file.write_text(TEXT)
    assert labs.find_lab(str(file)).provider == "nspawn"
    other = labs.under_provider(labs.find_lab(str(file)), "vagrant")
    assert other.provider == "vagrant"
    stand(roots["vagrant"], "vagrant")
    assert labs.find_lab(str(file)).provider == "vagrant"
    with pytest.raises(KplayError, match="is up under the provider `vagrant`; take it down first"):
        labs.under_provider(labs.find_lab(str(file)), "nspawn")


@pytest.mark.usefixtures("roots")
def test_an_unknown_lab_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        labs.find_lab("singel")
    assert caught.value.diagnostics[0].message == "no lab file and no lab named `singel`"
    assert caught.value.diagnostics[0].help == ("did you mean `single`?",)


@pytest.mark.usefixtures("roots")
def test_a_missing_file_and_a_path_upwards_are_not_names() -> None:
    for name in ("../hosts", "./single", "nowhere/x.yml", "..", ""):
        with pytest.raises(InputError):
            labs.find_lab(name)


def test_a_ready_made_lab_is_found_by_its_files_name() -> None:
    assert {"single", "1+2"} <= set(find.ready_made())
    assert labs.find_lab("1+2").name == "one-plus-two"


def test_a_lab_that_is_up_stands_for_its_inventory(
    roots: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inventory", "--lab", "demoo"]) == ExitCode.BAD_INPUT
    assert "no lab file and no lab named `demoo`" in capsys.readouterr().err
    file = tmp_path / "lab.yml"
    file.write_text(TEXT)
    assert main(["inventory", "--lab", str(file)]) == ExitCode.UNREACHABLE
    said = capsys.readouterr().err
    assert "error[lab-not-up]: lab `demo` is not up" in said
    assert f"help: `kplay lab up {file}` makes its hosts" in said
    stand(roots["nspawn"], "nspawn")
    (roots["nspawn"] / "demo/inventory.yml").write_text("all: {hosts: {a: , b: }}\n")
    for name in ("demo", str(file)):
        assert main(["inventory", "--lab", name, "--limit", "all"]) == ExitCode.OK
        assert capsys.readouterr().out == "a\nb\n"
    assert main(["inventory", "--lab", "demo", "-i", "x,"]) == ExitCode.USAGE
    assert "not allowed with argument --lab" in capsys.readouterr().err


def test_the_path_of_an_inventory_is_told_of_a_lab_that_is_up(
    roots: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lab.yml").write_text(TEXT)
    assert main(["lab", "inventory", str(tmp_path / "lab.yml")]) == ExitCode.UNREACHABLE
    told = capsys.readouterr()
    assert told.out == ""
    assert "error[lab-not-up]: lab `demo` is not up" in told.err
    stand(roots["nspawn"], "nspawn")
    inventory = roots["nspawn"] / "demo/inventory.yml"
    inventory.write_text("all: {hosts: {a: , b: }}\n")
    assert main(["lab", "inventory", "demo"]) == ExitCode.OK
    assert capsys.readouterr().out == f"{inventory}\n"


def test_a_login_goes_to_a_host_of_the_lab_with_options_before_it(
    roots: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stand(roots["nspawn"], "nspawn")
    assert main(["lab", "ssh", "demo", "x", "true"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert "error[lab-host]: no host `x` in lab `demo`" in said
    assert "known: a, b" in said
    assert main(["lab", "ssh", "demo", "a", "-u", "ops", "id"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "`-u` stands where the command begins" in said
    assert "options come before LAB" in said


def test_a_host_is_looked_for_in_every_lab_that_is_up(roots: dict[str, Path]) -> None:
    stand(roots["nspawn"], "nspawn")
    assert labs.lab_with_host("b").name == "demo"
    assert labs.lab_with_host("b", "demo").name == "demo"
    other = load_string(TEXT.replace("demo", "other").replace("b:", "c:"), "lab.yml")
    (roots["vagrant"] / "other").mkdir(parents=True)
    save(other, roots["vagrant"] / "other/lab.yml")
    assert labs.lab_with_host("c").name == "other"
    assert labs.lab_with_host("a", "other").name == "other"


@pytest.mark.parametrize(
    ("host", "name", "message", "help_"),
    [
        ("a", "", "several labs that are up have a host `a`", "`--lab`: demo, other"),
        ("bb", "", "no host `bb` in any lab that is up", "did you mean `b`?"),
        ("bb", "other", "no host `bb` in lab `other`", "did you mean `b`?"),
        ("x", "other", "no host `x` in lab `other`", "known: a, b"),
        ("a", "gone", "no lab file and no lab named `gone`", "known: "),
    ],
)
def test_a_host_that_no_lab_or_more_than_one_has(
    roots: dict[str, Path], host: str, name: str, message: str, help_: str
) -> None:
    stand(roots["nspawn"], "nspawn")
    other = load_string(TEXT.replace("demo", "other"), "lab.yml")
    (roots["vagrant"] / "other").mkdir(parents=True)
    save(other, roots["vagrant"] / "other/lab.yml")
    with pytest.raises(InputError) as caught:
        labs.lab_with_host(host, name)
    assert message in str(caught.value)
    assert any(help_ in line for line in caught.value.diagnostics[0].help)


def test_no_lab_is_up(roots: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="no lab is up"):
        labs.lab_with_host("a")


def test_a_host_of_a_lab_that_only_root_may_look_at(
    roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(roots["nspawn"], "nspawn")
    other = load_string("name: own\nhosts: {mine: }\nprovider: vagrant\n", "lab.yml")
    (roots["vagrant"] / "own").mkdir(parents=True)
    save(other, roots["vagrant"] / "own/lab.yml")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert labs.lab_with_host("mine").name == "own"
    with pytest.raises(KplayError, match="need root"):
        labs.lab_with_host("a")


def test_the_lab_of_a_host_is_named_by_its_file_too(roots: dict[str, Path], tmp_path: Path) -> None:
    stand(roots["nspawn"], "nspawn")
    (tmp_path / "lab.yml").write_text(TEXT)
    assert labs.lab_with_host("b", str(tmp_path / "lab.yml")).name == "demo"
    with pytest.raises(InputError, match="lab `one-plus-two` is not up"):
        labs.lab_with_host("w1", "1+2")


def test_status_without_a_lab_says_which_are_up(
    roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "status"]) == ExitCode.OK
    assert capsys.readouterr().out == ""
    stand(roots["nspawn"], "nspawn")
    states = ["running", "running"]
    monkeypatch.setattr(
        labs, "status", lambda lab: [labs.HostStatus(lab.name, one, "") for one in states]
    )
    assert main(["lab", "status"]) == ExitCode.OK
    assert capsys.readouterr().out == "demo                 nspawn     2 of 2 hosts running\n"
    states[0] = "cut"
    assert main(["lab", "status"]) == ExitCode.UNREACHABLE
    assert "1 of 2 hosts running" in capsys.readouterr().out
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["lab", "status"]) == ExitCode.OK
    assert "only root may look at it" in capsys.readouterr().out
