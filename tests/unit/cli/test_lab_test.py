from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kplay import lab as labs
from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.rehearsal import rehearse as rehearsing
from kplay.rehearsal.model import Asked, Finding, Report, Stage

if TYPE_CHECKING:
    from pathlib import Path

THREE = labs.Lab("three", "nspawn", (labs.LabHost("h1"),), file="three.yml")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Asked]:
    """What rehearsals are asked for; each fails with a second plan that is not empty."""
    found: list[Asked] = []

    def rehearse(asked: Asked, screen: Any, _signals: Any) -> Report:
        found.append(asked)
        screen.stage("plan again")
        screen.say("h1", "is there")
        screen.text("would run")
        failed = Stage("plan again", output="plan-again.log")
        failed.fail(ExitCode.CHANGES_PENDING, "1 to run", [Finding("would run again", "s.yml", 2)])
        return Report(
            asked.lab.name, "nspawn", "three.yml", ["h1"], ["s.yml"], "out", 0.0, [failed]
        )

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rehearsing, "rehearse", rehearse)
    monkeypatch.setattr(labs, "find_lab", lambda name: replace(THREE, name=name))
    return found


def test_the_lab_gets_a_name_of_its_own(seen: list[Asked]) -> None:
    assert main(["lab", "test", "s.yml", "--lab", "three"]) == ExitCode.CHANGES_PENDING
    assert main(["lab", "test", "s.yml", "--lab", "three", "--name", "ci-7"]) == 3
    assert main(["lab", "test", "s.yml", "--lab", "a-lab-with-a-name-that-is-long"]) == 3
    names = [one.lab.name for one in seen]
    assert names[0].startswith("three-")
    assert len(names[0]) == len("three-abcd")
    assert names[1] == "ci-7"
    assert len(names[2]) == 30
    assert names[2].startswith("a-lab-with-a-name-that-is")


def test_options_reach_the_rehearsal(seen: list[Asked]) -> None:
    words = [
        "--second-apply",
        "--strict",
        "--keep-on-failure",
        "--verify",
        "v.yml",
        "--provider",
        "vagrant",
    ]
    words += ["-e", "a=1", "-l", "h1", "-t", "x,y", "--skip-tags", "z", "-f", "3", "-b", "-D"]
    main(["lab", "test", "s.yml", "--lab", "three", *words, "more.yml"])
    [asked] = seen
    assert [str(one) for one in asked.options.playbooks] == ["s.yml", "more.yml"]
    assert [str(one) for one in asked.verify] == ["v.yml"]
    assert (asked.second_apply, asked.strict, asked.keep, asked.keep_on_failure) == (
        True, True, False, True,
    )  # fmt: skip
    assert asked.lab.provider == "vagrant"
    options = asked.options
    assert (options.extra_vars, options.limit, options.tags) == (("a=1",), "h1", ("x", "y"))
    assert (options.skip_tags, options.forks, options.become) == (("z",), 3, True)
    assert asked.whole_plan
    assert str(asked.directory).startswith(".kplay/lab-tests/")


def test_what_ansible_cfg_shares_with_real_hosts_is_left_out(
    seen: list[Asked], tmp_path: Path
) -> None:
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ninventory = prod\nfact_caching = jsonfile\nfact_caching_connection = /f\n"
        "retry_files_enabled = true\nhost_key_checking = false\nremote_user = root\nforks = 7\n"
    )
    main(["lab", "test", "s.yml", "--lab", "three"])
    options = seen[0].options
    assert not {"inventory", "fact_caching", "retry_files_enabled"} & set(
        options.ansible_cfg.values
    )
    assert (options.accept_new_host_keys, options.user, options.forks) == (False, None, 7)


def test_the_report_is_printed_and_written(
    seen: list[Asked], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--report-file", "r/lab.json", "--report-file", "r/lab.xml", "--output", "kept"]
    assert main(["lab", "test", "s.yml", "--lab", "three", *words]) == 3
    told = capsys.readouterr()
    assert told.out.startswith("==> plan again\nwould run\n\nlab test three-")
    assert "s.yml:2: would run again" in told.out
    assert "h1: is there" in told.err
    assert json.loads((tmp_path / "r/lab.json").read_text())["exit_code"] == 3
    assert "<testsuite " in (tmp_path / "r/lab.xml").read_text()
    assert str(seen[0].directory) == "kept"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-i", "prod"], "`-i` is not supported: a second inventory could name real hosts"),
        (["--report-file", "r.html"], ".json is JSON"),
        (["--name", "Not A Name"], "cannot name a lab"),
        (["--no-up", "--name", "x"], "as it stands"),
        (["--keep", "--no-up"], "not allowed with"),
        (["--private-key", "k"], "unrecognized arguments: --private-key"),
    ],
)
def test_what_makes_no_sense_is_refused(
    seen: list[Asked], words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "test", "s.yml", "--lab", "three", *words]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert seen == []


def test_a_lab_is_needed(seen: list[Asked]) -> None:
    assert main(["lab", "test", "s.yml"]) == ExitCode.USAGE
