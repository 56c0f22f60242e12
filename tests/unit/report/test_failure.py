from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.report import failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.walk.events import StepEnded


def test_it_shows_span_host_argv_rc_stderr_and_journal(ended: Callable[..., StepEnded]) -> None:
    stderr = "\n".join(f"line {number}" for number in range(30))
    step = ended(
        status="failed",
        result={"cmd": ["make", "it so"], "rc": 2, "stderr": stderr, "msg": "non-zero return code"},
    )
    text = failure.text(step, ".kplay/runs/x/journal.jsonl").replace(step.place.file, "site.yml")
    assert text.startswith(
        "error[step-failed]: Make it so: non-zero return code\n"
        " --> site.yml:3:7\n"
        "  |\n"
        "3 |     - command: make it so\n"
        "  |       ^^^^^^^^^^^^^^^^^^^\n"
        " = host: w1\n"
        " = argv: make 'it so'\n"
        " = rc: 2\n"
        " = stderr (the last 20 of 30 lines):\n"
        "     line 10\n"
    )
    assert text.endswith("     line 29\n = journal: .kplay/runs/x/journal.jsonl")


def test_a_censored_result_shows_no_line_of_the_playbook(ended: Callable[..., StepEnded]) -> None:
    text = failure.text(ended(status="failed", result={"censored": "hidden"}))
    assert "make it so" not in text
    assert "hidden" in text


def test_a_vaulted_file_shows_no_line(ended: Callable[..., StepEnded], tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n")
    assert "6364" not in failure.text(ended(status="failed", result={"msg": "no"}))


def test_a_result_with_nothing_in_it(ended: Callable[..., StepEnded]) -> None:
    assert "Make it so: failed" in failure.text(ended(status="failed", result={}))


def test_a_failure_of_the_authors_making_names_failed_when(ended: Callable[..., StepEnded]) -> None:
    event = ended(status="failed", result={"rc": 0, "failed_when_result": True})
    assert "Make it so: `failed_when` is true" in failure.text(event)


def test_too_many_open_files_may_be_too_many_inotify_instances(
    ended: Callable[..., StepEnded],
) -> None:
    for key in ("msg", "stderr", "journal"):
        said = {"msg": "x", key: "Failed to start cAdvisor inotify_init: too many open files"}
        text = failure.text(ended(status="failed", result={**said, "hint": "look"}))
        assert " = help: look\n" in text
        assert "fs.inotify.max_user_instances, which containers share with their machine" in text
    censored = {"censored": "hidden", "msg": "too many open files"}
    assert "inotify" not in failure.text(ended(status="failed", result=censored))
    assert "inotify" not in failure.text(ended(status="failed", result={"msg": "x"}))


def test_a_unit_that_did_not_start_is_told_with_its_log(ended: Callable[..., StepEnded]) -> None:
    said = "\n".join(["old"] * 3 + [f"line {number}" for number in range(19)] + ["\x1b[31mno"])
    result = {"msg": "no", "journal": said, "unit_state": "web.service is failed (failed)"}
    text = failure.text(ended(status="failed", result=result), "x/journal.jsonl")
    assert " = unit: web.service is failed (failed)\n" in text
    assert " = log of the unit (the last 20 of 23 lines):\n     line 0\n" in text
    assert text.endswith("     line 18\n     \\x1b[31mno\n = journal: x/journal.jsonl")
    censored = failure.text(ended(status="failed", result={"censored": "hidden"}))
    assert "log of the unit" not in censored
