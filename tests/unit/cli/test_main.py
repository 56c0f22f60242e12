from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Never

import pytest

from kplay.cli import main as entry
from kplay.cli.main import main
from kplay.cli.verbs import verbs
from kplay.diagnostics import Diagnostic
from kplay.errors import ExitCode, InputError, LockedError

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "networkx", "paramiko", "fabric", "jinja2", "rich", "yaml",
    "netaddr", "jmespath", "cryptography",
)  # fmt: skip


def imported(argv: list[str], directory: Path) -> list[str]:
    """The heavy packages that a call of kplay imports."""
    code = (
        "import sys\nfrom kplay.cli.main import main\n"
        f"try:\n    main({argv!r})\nexcept SystemExit:\n    pass\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=directory
    )
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "argv", [["--help"], ["plan", "--help"], ["lab", "up", "--help"], ["completion"], ["version"]]
)
def test_help_and_completion_import_nothing_heavy(argv: list[str], tmp_path: Path) -> None:
    assert imported(argv, tmp_path) == []


@pytest.mark.parametrize("verb", ["lint", "graph", "plan"])
def test_loading_and_planning_import_what_reads_and_orders_playbooks(
    verb: str, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("h1 ansible_connection=local\n")
    tasks = 'tasks: [{debug: {msg: "{{ 1 }}"}}, {file: {path: /tmp, state: directory}}]'
    (tmp_path / "p.yml").write_text(f"- {{hosts: all, gather_facts: false, {tasks}}}\n")
    assert imported([verb, "-i", "hosts", "p.yml"], tmp_path) == ["networkx", "jinja2", "yaml"]


@pytest.mark.parametrize("verb", list(verbs()))
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert f"kplay {verb}" in capsys.readouterr().out


def test_an_unknown_verb_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pln", "-i", "x"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "error[usage]: no verb named `pln`\n = help: did you mean `plan`?\n"
    )


@pytest.mark.parametrize(
    "argv", [[], ["plan"], ["plan", "--forks", "x", "p.yml"], ["plan", "--nope", "p.yml"], ["lab"]]
)
def test_usage_errors_exit_5(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == ExitCode.USAGE
    assert capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("kplay ")


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(argv: list[str]) -> Never:
        raise error

    monkeypatch.setattr(entry, "_run", fail)
    return main(["plan"])


def test_all_diagnostics_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = [Diagnostic("one", "first", None), Diagnostic("two", "second", None)]
    assert raising(monkeypatch, InputError(faults)) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err == "error[one]: first\n\nerror[two]: second\n"


def test_other_errors_have_their_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(monkeypatch, LockedError("run x holds w1")) == ExitCode.LOCKED
    assert capsys.readouterr().err == "error[locked]: run x holds w1\n"


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(monkeypatch, KeyboardInterrupt()) == ExitCode.INTERRUPTED


def test_a_bug_leaves_a_log_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert raising(monkeypatch, ZeroDivisionError("in here")) == ExitCode.BUG
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    log = next((tmp_path / ".kplay").glob("kplay-crash-*.log"))
    assert log.name in shown
    assert "ZeroDivisionError: in here" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_left_is_no_error() -> None:
    command = f"{sys.executable} -m kplay completion | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_bug(closed: str) -> None:
    command = f'"{sys.executable}" -m kplay modules apt {closed}'
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode == 0


def test_a_character_that_the_terminal_lacks_is_escaped() -> None:
    inventory = [sys.executable, "-m", "kplay", "inventory", "-i", "ü,"]
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    done = subprocess.run(inventory, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, "\\xfc" in done.stdout) == (0, True)


def test_runs_that_cannot_be_kept_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "site.yml").write_text("- hosts: all\n  gather_facts: false\n")
    kept = str(tmp_path / "file" / "runs")
    argv = ["run", "-i", "a,", "--runs-directory", kept, str(tmp_path / "site.yml")]
    assert main(argv) == ExitCode.BAD_INPUT
    assert f"cannot keep a run in `{kept}`: Not a directory" in capsys.readouterr().err
