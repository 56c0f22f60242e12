from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from kplay.errors import ExitCode, UnreachableError
from kplay.walk.events import StepSent

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bench

FILE = "{name: Write, copy: {content: x, dest: '{{ made }}/{{ inventory_hostname }}'}}"
VERIFY = (
    "{name: Look, command: 'test -e {{ made }}/{{ inventory_hostname }}',"
    " changed_when: false, tags: verify}"
)
COUNT = "{name: Count, shell: 'echo >> {{ made }}/count'}"


@pytest.fixture
def made(tmp_path: Path, bench: Bench) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    bench.variables = (f"made={folder}",)
    return folder


def outcomes(report) -> dict[str, str]:
    return {one.name: one.outcome for one in report.stages}


def test_every_stage_of_a_good_playbook_passes(bench: Bench, made: Path) -> None:
    report = bench.rehearse(FILE, VERIFY)
    assert set(outcomes(report).values()) == {"passed"}, report.stages
    assert bench.screen.stages == [
        "load", "up", "plan", "apply", "plan again", "verify", "down",
    ]  # fmt: skip
    assert (report.code, report.stands) == (ExitCode.OK, False)
    assert report.exactness.exact
    assert (report.exactness.planned, report.exactness.made) == (2, 2)
    assert report.stage("apply").summary == "2 changes"
    assert report.stage("plan again").summary == "no changes: nothing to do on 2 hosts"
    assert report.stage("verify").summary == "2 steps on 2 hosts"
    assert bench.labs.done == ["up bench", "down bench"]
    assert sorted(one.name for one in made.iterdir()) == ["h1", "h2"]
    assert all(one.seconds > 0 for one in report.stages)


def test_what_stages_print_is_kept(bench: Bench, made: Path) -> None:
    bench.rehearse(FILE)
    assert "h1: booting" in bench.kept("up.log")
    assert "+ Write  [h1" in bench.kept("plan.log")
    assert '"summary": "plan: 2 to create on 2 hosts"' in bench.kept("plan.json")
    assert "changed   h1: Write" in bench.kept("apply.log")
    assert '"changes": []' in bench.kept("plan-again.json")
    assert (bench.folder / "out").stat().st_mode & 0o777 == 0o700
    assert len(list((bench.folder / "out/runs").glob("*/journal.jsonl"))) == 1


def test_a_failing_step_is_named_and_the_lab_goes(bench: Bench, made: Path) -> None:
    report = bench.rehearse(FILE, "{name: Break, command: ls /nowhere}", VERIFY)
    assert outcomes(report) == {
        "load": "passed", "up": "passed", "plan": "passed", "apply": "failed",
        "plan again": "not run", "verify": "not run", "down": "passed",
    }  # fmt: skip
    assert report.code == ExitCode.STEP_FAILED
    [found] = report.stage("apply").findings
    assert (found.task, found.line, set(found.hosts)) == ("Break", 5, {"h1", "h2"})
    assert found.file == str(bench.folder / "site.yml")
    assert report.stage("apply").summary.startswith("failed: Break [h")
    assert report.exactness.exact
    assert "kplay resume" not in bench.kept("apply.log")
    assert bench.labs.done[-1] == "down bench"


def test_what_a_second_plan_holds_is_named(bench: Bench, made: Path) -> None:
    report = bench.rehearse(FILE, COUNT)
    assert outcomes(report)["plan again"] == "failed"
    assert outcomes(report)["down"] == "passed"
    assert report.code == ExitCode.CHANGES_PENDING
    [found] = report.stage("plan again").findings
    assert str(found) == f"{bench.folder}/site.yml:5: Count [h1, h2]: would run again"


def test_verify_follows_a_second_plan_that_is_not_empty(bench: Bench, made: Path) -> None:
    report = bench.rehearse(COUNT,
                            "{name: Fail, command: 'false', tags: [never, verify]}")  # fmt: skip
    assert [one.name for one in report.failed] == ["plan again", "verify"]
    assert report.code == ExitCode.STEP_FAILED
    assert report.stage("verify").findings[0].task == "Fail"


ASK = (
    "{name: Ask, command: 'cat {{ made }}/done', register: there, failed_when: false,"
    " changed_when: false}"
)
UNSURE = (
    ASK,
    "{name: Do, command: 'touch {{ made }}/done', when: there.rc != 0}",
)


def test_what_only_a_run_can_tell_is_a_leftover(bench: Bench, made: Path) -> None:
    report = bench.rehearse(*UNSURE, hosts=("h1",))
    assert (report.exactness.planned, report.exactness.uncertain) == (0, 1)
    assert (report.exactness.settled, report.exactness.exact) == (1, True)
    assert report.code == ExitCode.CHANGES_PENDING
    [found] = report.stage("plan again").findings
    assert found.task == "Do"
    assert found.message.startswith("may run again: ")


def test_a_second_apply_settles_it(bench: Bench, made: Path) -> None:
    report = bench.rehearse(*UNSURE, hosts=("h1",), second_apply=True)
    assert report.code == ExitCode.OK, report.failed
    assert outcomes(report)["apply again"] == "passed"
    assert report.stage("apply again").summary == "0 changes"


def test_what_changes_no_host_is_no_change_of_an_apply(bench: Bench) -> None:
    tasks = ["{name: Group, group_by: {key: mine}}", "{name: Add, add_host: {name: other}}"]
    report = bench.rehearse(*tasks, hosts=("h1",), second_apply=True, strict=True)
    assert report.code == ExitCode.OK, report.failed
    assert report.exactness is not None
    assert (report.exactness.exact, report.exactness.made) == (True, 0)


def test_a_second_apply_that_changes_something_is_a_failure(bench: Bench, made: Path) -> None:
    tasks = [ASK, "{name: Do, command: 'true', when: there.rc != 0}"]
    report = bench.rehearse(*tasks, hosts=("h1",), second_apply=True)
    assert [one.name for one in report.failed] == ["apply again"]
    assert report.code == ExitCode.CHANGES_PENDING
    assert str(report.failed[0].findings[0]).endswith("site.yml:5: Do [h1]: ran again")


def test_faults_are_told_before_a_lab_is_made(bench: Bench) -> None:
    report = bench.rehearse("{name: Odd, coppy: {dest: /x}}")
    assert report.code == ExitCode.BAD_INPUT
    assert [one.name for one in report.failed] == ["load"]
    assert report.failed[0].findings[0].line == 4
    assert "no module named `coppy`" in bench.screen.texts[0]
    assert bench.labs.done == []
    assert report.stage("down").outcome == "skipped"


def test_a_lab_that_does_not_come_up_is_removed(bench: Bench) -> None:
    bench.labs.fault = UnreachableError("host `h2` does not answer: no route\nconsole …")
    report = bench.rehearse("{ping: }")
    assert report.code == ExitCode.UNREACHABLE
    assert report.stage("up").summary == "host `h2` does not answer: no route"
    assert outcomes(report)["plan"] == "not run"
    assert bench.labs.done == ["up bench", "down bench"]


def test_a_bug_takes_the_lab_down_too(bench: Bench) -> None:
    bench.labs.fault = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        bench.rehearse("{ping: }")
    assert bench.labs.done == ["up bench", "down bench"]


def test_another_lab_of_that_name_is_left_alone(bench: Bench) -> None:
    bench.labs.states = {"h1": "running", "h2": "running"}
    report = bench.rehearse("{ping: }")
    assert report.code == ExitCode.USAGE
    assert "a lab named `bench` is up already" in report.stage("up").summary
    assert bench.labs.done == []


@pytest.mark.parametrize(
    ("options", "stands"),
    [({"keep": True}, True), ({"keep_on_failure": True}, True), ({}, False)],
)
def test_keeping_the_lab_of_a_failure(bench: Bench, options: dict, stands: bool) -> None:
    report = bench.rehearse("{fail: }", **options)
    assert report.stands is stands
    assert ("down bench" in bench.labs.done) is not stands
    assert outcomes(report)["down"] == ("skipped" if stands else "passed")


def test_keep_on_failure_keeps_no_lab_of_a_success(bench: Bench) -> None:
    report = bench.rehearse("{ping: }", keep_on_failure=True)
    assert (report.code, report.stands) == (ExitCode.OK, False)


def test_a_standing_lab_is_used_and_left(bench: Bench, made: Path) -> None:
    bench.rehearse(FILE, keep=True)
    bench.labs.done.clear()
    report = bench.rehearse(FILE, standing=True)
    assert report.code == ExitCode.OK
    assert report.exactness.planned == 0
    assert bench.labs.done == []
    assert outcomes(report)["up"] == outcomes(report)["down"] == "skipped"


def test_a_standing_lab_must_stand(bench: Bench) -> None:
    report = bench.rehearse("{ping: }", standing=True)
    assert report.code == ExitCode.UNREACHABLE
    assert report.stage("up").summary == "not up: h1, h2"


def test_without_anything_to_verify_the_stage_says_so(bench: Bench) -> None:
    report = bench.rehearse("{ping: }")
    assert outcomes(report)["verify"] == "skipped"
    assert "no task is tagged `verify`" in report.stage("verify").summary
    assert report.code == ExitCode.OK


def test_a_playbook_of_its_own_verifies(bench: Bench, made: Path) -> None:
    check = bench.write(
        "check.yml",
        f"- hosts: h2\n  gather_facts: false\n  tasks: [{{command: test -e {made}/h2}}]\n",
    )
    report = bench.rehearse(FILE, verify=(check,))
    assert report.code == ExitCode.OK
    assert report.stage("verify").summary == "1 step on 1 host"


def test_a_playbook_that_verifies_nothing_fails(bench: Bench) -> None:
    check = bench.write("check.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n")
    report = bench.rehearse("{ping: }", verify=(check,))
    assert report.stage("verify").outcome == "failed"
    assert "nothing was verified" in report.stage("verify").summary


def test_host_vars_that_lead_to_a_real_host_are_refused(bench: Bench) -> None:
    bench.write("host_vars/h1.yml", "color: red\nansible_host: 10.1.2.3\n")
    report = bench.rehearse("{ping: }")
    assert report.code == ExitCode.BAD_INPUT
    [found] = report.stage("load").findings
    assert "leads the lab's host `h1` away from the lab" in found.message
    assert (found.file, found.line) == (str(bench.folder / "host_vars/h1.yml"), 2)
    assert bench.labs.done == []


def test_extra_vars_that_lead_elsewhere_are_refused(bench: Bench) -> None:
    report = bench.rehearse("{ping: }", options={"extra_vars": ("ansible_host=10.1.2.3",)})
    assert report.code == ExitCode.BAD_INPUT
    assert bench.labs.done == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_step_takes_the_lab_down(bench: Bench, number: int) -> None:
    sent = []

    def interrupt(event: object) -> None:
        if isinstance(event, StepSent) and event.place.task == "Sleep" and not sent:
            sent.append(event)
            os.kill(os.getpid(), number)

    bench.screen.hears = interrupt
    before = signal.getsignal(number)
    report = bench.rehearse("{name: Sleep, command: sleep 1}", "{ping: }", keep_on_failure=True)
    assert report.code == ExitCode.INTERRUPTED
    assert [one.code for one in report.failed] == [ExitCode.INTERRUPTED]
    assert outcomes(report)["verify"] == "not run"
    assert bench.labs.done[-1] == "down bench"
    assert signal.getsignal(number) == before


def test_a_signal_while_hosts_start_does_not_wait_for_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from kplay import lab as labs

    real = labs.up

    def up(lab: labs.Lab, *, progress) -> object:
        real(lab, progress=progress)
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        finally:
            # A second one does not keep the provider from coming to an end
            os.kill(os.getpid(), signal.SIGINT)
            bench.labs.done.append("broken off")

    monkeypatch.setattr(labs, "up", up)
    report = bench.rehearse("{ping: }", keep_on_failure=True)
    assert report.code == ExitCode.INTERRUPTED
    assert outcomes(report)["up"] == "failed"
    assert bench.labs.done == ["up bench", "broken off", "down bench"]


def test_a_signal_while_the_lab_goes_is_ignored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kplay import lab as labs

    real = labs.down

    def down(lab: labs.Lab, *, progress) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        real(lab, progress=progress)

    monkeypatch.setattr(labs, "down", down)
    report = bench.rehearse("{ping: }")
    assert (report.code, bench.labs.done[-1]) == (ExitCode.OK, "down bench")


def test_a_folder_that_cannot_be_made_is_refused(bench: Bench) -> None:
    from kplay.errors import InputError

    bench.write("out", "in the way")
    with pytest.raises(InputError, match="cannot keep the output"):
        bench.rehearse("{ping: }")


def test_tags_choose_what_is_tried(bench: Bench, made: Path) -> None:
    tagged = "{name: No, command: 'false', tags: big}"
    report = bench.rehearse(FILE, tagged, options={"skip_tags": ("big",)})
    assert report.code == ExitCode.OK


def test_a_plan_that_was_not_exact_fails_when_it_must_not(bench: Bench, made: Path) -> None:
    (made / "h1").write_text("x")
    tasks = (
        "{name: Drop, command: {cmd: rm -f h1, chdir: '{{ made }}'}, changed_when: false}",
        FILE,
    )
    report = bench.rehearse(*tasks, hosts=("h1",), strict=True)
    assert not report.exactness.exact
    assert str(report.exactness.differences[0]).endswith(
        "Write [h1]: created without having been planned"
    )
    assert report.stage("apply").code == ExitCode.DRIFTED
    assert outcomes(report)["plan again"] == "passed"
    assert report.code == ExitCode.DRIFTED


def test_an_interrupted_plan_does_not_read_as_one(bench: Bench) -> None:
    sent = []

    def interrupt(event: object) -> None:
        if isinstance(event, StepSent) and not sent:
            sent.append(event)
            os.kill(os.getpid(), signal.SIGTERM)

    bench.screen.hears = interrupt
    report = bench.rehearse("{ping: }", "{ping: }")
    assert [(one.name, one.code) for one in report.failed] == [("plan", ExitCode.INTERRUPTED)]
    assert bench.screen.texts == ["interrupted: the plan is not whole"]
    assert bench.labs.done[-1] == "down bench"
