from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kplay.errors import ExitCode, InputError, UsageError
from kplay.rehearsal import files, text
from kplay.rehearsal.compare import Exactness
from kplay.rehearsal.model import Finding, Report, Stage

LEFT = Finding("would run again", "site.yml", 7, "Make it so", ("h1", "h2"))


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own report


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Of a playbook that is not idempotent, whose verification then failed."""
    (tmp_path / "plan-again.log").write_text("colour \x1b[31m and\x00 <markup> & more\n")
    made = Report("bench", "nspawn", "bench.yml", ["h1", "h2"], ["site.yml"], str(tmp_path), 0.0, [
        Stage("up", "passed", seconds=5.25, summary="2 hosts", output="up.log"),
        Stage("plan again", seconds=1.5, output="plan-again.log"),
        Stage("verify", "skipped", summary="nothing is tagged"),
        Stage("down"),
    ], seconds=8.125)  # fmt: skip
    made.stage("plan again").fail(ExitCode.CHANGES_PENDING, "plan: 2 to run on 2 hosts", [LEFT])
    made.exactness = Exactness(3, 1, 4, 3, 1)
    return made


def test_junit_has_a_case_a_stage(report: Report, tmp_path: Path) -> None:
    files.write(report, tmp_path / "reports/lab.xml")
    root = parsed((tmp_path / "reports/lab.xml").read_text())
    assert root.tag == "testsuites"
    [suite] = root
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {
        "tests": "4", "failures": "1", "errors": "0", "skipped": "2", "time": "8.125",
    }  # fmt: skip
    assert suite.get("timestamp") == "1970-01-01T00:00:00Z"
    cases = {one.get("name"): one for one in suite.iter("testcase")}
    assert list(cases) == ["up", "plan again", "verify", "down"]
    failed = cases["plan again"]
    assert (failed.get("file"), failed.get("line")) == ("site.yml", "7")
    assert (failed.get("classname"), failed.get("time")) == ("site.yml", "1.500")
    assert failed.find("failure").get("type") == "changes-pending"
    assert failed.find("failure").text == (
        "plan: 2 to run on 2 hosts\nsite.yml:7: Make it so [h1, h2]: would run again"
    )
    assert failed.find("system-out").text == "colour [31m and <markup> & more"
    assert cases["verify"].find("skipped").get("message") == "nothing is tagged"
    assert cases["down"].find("skipped").get("message") == "a stage before it failed"
    assert cases["up"].find("failure") is None


def test_hosts_that_were_not_reached_are_errors(report: Report) -> None:
    report.stage("plan again").code = ExitCode.UNREACHABLE
    suite = parsed(files.as_junit(report))[0]
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert suite.find(".//error").get("type") == "unreachable"


def test_json_holds_every_finding(report: Report, tmp_path: Path) -> None:
    files.write(report, tmp_path / "lab.json")
    data = json.loads((tmp_path / "lab.json").read_text())
    assert (data["format"], data["exit_code"], data["passed"]) == (1, 3, False)
    assert data["lab"] == {
        "name": "bench", "file": "bench.yml", "provider": "nspawn", "hosts": ["h1", "h2"],
        "stands": False,
    }  # fmt: skip
    stage = data["stages"][1]
    assert (stage["outcome"], stage["seconds"], stage["exit_code"]) == ("failed", 1.5, 3)
    assert stage["findings"] == [
        {"message": "would run again", "file": "site.yml", "line": 7, "task": "Make it so",
         "hosts": ["h1", "h2"]}
    ]  # fmt: skip
    assert data["plan"] == {
        "planned": 3, "uncertain": 1, "made": 4, "as_planned": 3, "settled": 1,
        "differences": [], "exact": True, "whole": True,
    }  # fmt: skip


def test_a_report_has_one_of_two_forms(tmp_path: Path) -> None:
    files.check(Path("a.xml"))
    files.check(Path("a.json"))
    with pytest.raises(UsageError, match=r"\.json is JSON"):
        files.check(Path("report.html"))


def test_a_report_that_cannot_be_written_is_told(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write the report"):
        files.write(report, tmp_path / "file/lab.json")


def test_text_is_a_table_and_what_failed(report: Report) -> None:
    assert text.of(report).splitlines() == [
        "lab test bench: site.yml",
        "",
        "  up          passed       5.2 s  2 hosts",
        "  plan again  failed       1.5 s  plan: 2 to run on 2 hosts",
        "  verify      skipped             nothing is tagged",
        "  down        not run",
        "",
        "the plan was exact: 3 planned, 4 made, 1 of them from 1 that only the run could tell",
        "",
        "plan again:",
        "  site.yml:7: Make it so [h1, h2]: would run again",
        "",
        f"failed in plan again (exit code 3) after 8 s; output in {report.directory}",
    ]


def test_text_says_how_to_reach_a_lab_that_stands(report: Report) -> None:
    report.stands = True
    assert "`kplay lab down bench`" in text.of(report)
    assert "\x1b[31mfailed" in text.of(report, color=True)


def test_text_shows_the_first_of_many_findings(report: Report) -> None:
    report.stage("plan again").findings = [LEFT] * 25
    assert "  and 5 more" in text.of(report)


def test_an_inexact_plan_is_told_with_its_differences(report: Report) -> None:
    report.exactness = Exactness(1, 0, 2, 1, 0, [LEFT])
    assert "the plan was not exact: 1 planned, 2 made, 1 differs" in text.of(report)
    report.exactness.differences.append(LEFT)
    assert "2 differ\n" in text.of(report)


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [((), 0), ((3,), 3), ((3, 2), 2), ((3, 4), 3), ((4, 130), 130), ((7, 3), 7)],
)
def test_the_exit_code_is_that_of_what_weighs_most(report: Report, codes, wanted) -> None:
    report.stages = [Stage(str(code), "failed", ExitCode(code)) for code in codes]
    assert report.code == wanted
