from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kplay import lab, pipeline
from kplay.cli import doctor
from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.plan.make import Plan
from kplay.walk.events import Place, StepEnded

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> list[str]:
    (tmp_path / "hosts.ini").write_text("[web]\nw1 color=red\nw2\n")
    (tmp_path / "site.yml").write_text(
        "- hosts: web\n  gather_facts: false\n  tasks:\n"
        "    - {name: One, command: 'true'}\n    - {name: Two, command: 'true'}\n"
    )
    return ["-i", str(tmp_path / "hosts.ini"), str(tmp_path / "site.yml")]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stands for plan and execute; ``steps`` is what the plan holds, ``ran`` what was called."""
    place = Place("s", "w1", "One", "command", "p", "", "site.yml", 1)
    made = StepEnded(0.0, place, "planned", "run", {"changed": True})
    fake = SimpleNamespace(steps=[made], code=ExitCode.OK, ran=[])

    def plan(options: Any, listener: Any, output: Any = None) -> Plan:
        fake.ran.append("plan")
        return Plan(steps=fake.steps, code=fake.code)

    def execute(options: Any, listener: Any) -> ExitCode:
        fake.ran.append("execute")
        return ExitCode.OK

    monkeypatch.setattr(pipeline, "plan", plan)
    monkeypatch.setattr(pipeline, "execute", execute)
    return fake


def test_inventory(site: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", *site[:2]]) == 0
    assert "|--w1" in capsys.readouterr().out
    assert main(["inventory", *site[:2], "--list"]) == 0
    assert json.loads(capsys.readouterr().out)["web"]["hosts"] == ["w1", "w2"]
    assert main(["inventory", *site[:2], "--host", "w1"]) == 0
    assert json.loads(capsys.readouterr().out) == {"color": "red"}
    assert main(["inventory", *site[:2], "--limit", "w2"]) == 0
    assert capsys.readouterr().out == "w2\n"


def test_inventory_of_an_unknown_host(site: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", *site[:2], "--host", "w11"]) == ExitCode.USAGE
    assert "did you mean `w1`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [([], "One"), (["--format", "mermaid"], "flowchart"), (["--format", "dot"], "digraph"),
     (["--critical-path"], "Two"), (["--why", "One", "Two"], "`Two` waits for `One`")],
)  # fmt: skip
def test_graph(
    site: list[str], argv: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *site, *argv]) == 0
    assert wanted in capsys.readouterr().out


def test_why_looks_at_every_use_of_a_handler(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playbook = tmp_path / "handled.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  pre_tasks: [{name: Zero, command: 'true'}]\n"
        "  tasks: [{name: One, command: 'true', notify: Again}]\n"
        "  handlers: [{name: Again, command: 'true'}]\n"
    )
    assert main(["graph", "-i", "a,", str(playbook), "--why", "One", "Again"]) == 0
    assert "notifies `Again`" in capsys.readouterr().out
    assert main(["graph", "-i", "a,", str(playbook), "--why", "One", "One"]) == 0
    assert "does not wait" in capsys.readouterr().out


def test_plan(site: list[str], engine: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *site]) == 0
    assert capsys.readouterr().out.endswith("plan: 1 to run on 1 host\n")
    assert main(["plan", "--detailed-exitcode", *site]) == ExitCode.CHANGES_PENDING
    capsys.readouterr()
    assert main(["plan", "--format", "json", *site]) == 0
    assert len(json.loads(capsys.readouterr().out)["changes"]) == 1
    assert main(["plan", "--format", "markdown", *site]) == 0
    assert capsys.readouterr().out.startswith("## plan: 1 to run on 1 host\n\nplanned ")
    assert main(["plan", "--format", "html", *site]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<!doctype html>")
    assert said.out.endswith("</html>\n")
    engine.steps = []
    assert main(["plan", "--detailed-exitcode", *site]) == 0
    engine.code = ExitCode.UNREACHABLE
    assert main(["plan", "--detailed-exitcode", *site]) == ExitCode.UNREACHABLE


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_an_offline_plan_has_no_page(
    site: list[str], form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--offline", "--format", form, *site]) == ExitCode.USAGE
    assert f"`--format {form}`" in capsys.readouterr().err


def test_run_with_check_is_plan(site: list[str], engine: Any) -> None:
    assert main(["run", "--check", *site]) == 0
    assert engine.ran == ["plan"]
    assert main(["run", *site]) == 0
    assert engine.ran == ["plan", "execute"]


def test_apply_needs_a_terminal_to_ask_on(
    site: list[str],
    engine: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["apply", *site]) == ExitCode.USAGE
    assert "--yes" in capsys.readouterr().err
    assert engine.ran == []


@pytest.mark.parametrize(("said", "ran"), [("y\n", ["plan", "execute"]), ("\n", ["plan"])])
def test_apply_asks(
    site: list[str], engine: Any, monkeypatch: pytest.MonkeyPatch, said: str, ran: list[str]
) -> None:
    stdin = io.StringIO(said)
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["apply", *site]) == 0
    assert engine.ran == ran


def test_apply_does_nothing_when_there_is_nothing_to_do(
    site: list[str], engine: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.steps = []
    assert main(["apply", "--yes", *site]) == 0
    assert engine.ran == ["plan"]
    assert "no changes" in capsys.readouterr().out


def test_apply_stops_at_a_plan_with_a_fault(site: list[str], engine: Any) -> None:
    engine.code = ExitCode.UNREACHABLE
    assert main(["apply", "--yes", *site]) == ExitCode.UNREACHABLE
    assert engine.ran == ["plan"]


def test_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def resume(run: Any, options: Any, listener: Any, *, done: Any, again: Any) -> ExitCode:
        seen.update(run=run, done=done, again=again)
        return ExitCode.OK

    monkeypatch.setattr(pipeline, "resume", resume)
    assert main(["resume", "r1", "--done", "a", "--again", "b"]) == 0
    assert seen == {"run": "r1", "done": ["a"], "again": ["b"]}


def test_lab_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    hosts = [lab.HostStatus("h1", "running", "10.0.0.1"), lab.HostStatus("h2", "absent", "")]
    monkeypatch.setattr(lab, "find_lab", lambda name: name)
    monkeypatch.setattr(lab, "status", lambda found: hosts)
    assert main(["lab", "status", "1+2"]) == ExitCode.UNREACHABLE
    assert "h1" in capsys.readouterr().out


def test_modules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modules"]) == 0
    assert "command" in capsys.readouterr().out
    assert main(["modules", "command", "--json"]) == 0
    assert "creates" in json.loads(capsys.readouterr().out)["args"]
    assert main(["modules", "comand"]) == ExitCode.USAGE
    assert "did you mean `command`" in capsys.readouterr().err


def test_doctor_fails_only_for_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [doctor.Finding("lab", good=False, detail="", needed=False)]
    monkeypatch.setattr(doctor, "findings", lambda: found)
    assert main(["doctor"]) == 0
    found.append(doctor.Finding("paramiko", good=False, detail="not installed", fix="pip install"))
    assert main(["doctor"]) == ExitCode.BAD_INPUT
    assert "= help: pip install" in capsys.readouterr().out


def test_doctor_looks_at_this_machine() -> None:
    names = [one.name for one in doctor.findings()]
    assert {"python", "ssh", "known hosts", "paramiko"} <= set(names)


def test_completion_knows_verbs_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion"]) == 0
    script = capsys.readouterr().out
    assert "--detailed-exitcode" in script
    lab = next(line for line in script.splitlines() if line.strip().startswith("lab)"))
    assert {"up", "down", "status"} <= set(lab.partition(chr(34))[2].split())


def test_choices_that_do_not_print_are_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modules", "template"]) == 0
    assert r"choices '\n', '\r', '\r\n'" in capsys.readouterr().out


def test_modules_that_no_host_has_seen_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modules"]) == 0
    listed = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert listed["dnf"].endswith("(untested on a host)")
    assert "untested" not in listed["apt"]
    assert main(["modules", "yum"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "untested on a host"
    assert main(["modules", "dnf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["untested"] is True
