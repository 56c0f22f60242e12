from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError, KplayError
from kplay.execute.journal import Journal, by_age, latest, read_record
from kplay.execute.options import Passwords, RunOptions
from kplay.walk.events import Place, RunEnded, StepSent

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place("0.1@h1#0.0", "h1", "make", "command", "play", "", "play.yml", 3)
RAW = {"action": "run", "changed": True, "failed": False, "fields": {"stdout": "hunter2"}}


@pytest.fixture
def run(tmp_path: Path):
    playbook = tmp_path / "play.yml"
    playbook.write_text("- hosts: all\n")
    options = RunOptions(
        playbooks=(playbook,), inventory=("h1,",), passwords=Passwords(become="geheim")
    )
    journal = Journal(tmp_path / "runs" / "20260101-000000-aaaa")
    journal.start(options, [playbook], mode="apply")
    yield journal
    with contextlib.suppress(ValueError):
        journal.close()


def test_what_is_sent_is_on_disk_when_the_call_returns(run):
    run(StepSent(1.0, PLACE))
    assert '"StepSent"' in run.path.read_text()
    record = read_record(run.directory)
    assert record.open_on(PLACE.step) == "h1"
    assert not record.ended


def test_a_result_closes_its_step(run):
    run(StepSent(1.0, PLACE))
    run.keep(PLACE.step, RAW, no_log=False)
    record = read_record(run.directory)
    assert record.results[PLACE.step] == RAW
    assert record.open_on(PLACE.step) == ""


def test_results_under_no_log_are_sealed(run):
    run.keep(PLACE.step, RAW, no_log=True)
    assert "hunter2" not in (run.directory / "results.jsonl").read_text()
    assert read_record(run.directory).results[PLACE.step] == RAW


def test_passwords_are_in_no_file_and_files_are_private(run):
    run.close()
    for path in run.directory.iterdir():
        assert "geheim" not in path.read_text(errors="replace")
        if path.name != "journal.jsonl":
            assert path.stat().st_mode & 0o777 == 0o600, path.name
    assert run.directory.stat().st_mode & 0o777 == 0o700


def test_a_line_cut_short_by_a_crash_is_dropped(run):
    run.keep(PLACE.step, RAW, no_log=False)
    with (run.directory / "results.jsonl").open("a") as stream:
        stream.write('{"step": "0.2@h1#0.0", "raw": {"act')
    assert list(read_record(run.directory).results) == [PLACE.step]


def test_what_is_kept_after_a_crash_is_read_behind_what_came_before(run):
    run.keep(PLACE.step, RAW, no_log=False)
    run(StepSent(1.0, PLACE))
    run.close()
    for name, cut in (("results.jsonl", '{"step": "0.2@h1#0.0", "ra'), ("journal.jsonl", "\0\0")):
        with (run.directory / name).open("a") as stream:
            stream.write(cut)
    resumed = Journal(run.directory)
    resumed.keep("0.3@h1#0.0", RAW, no_log=False)
    resumed(RunEnded(2.0, "r", 1.0, {}, {}, 0))
    resumed.close()
    record = read_record(run.directory)
    assert list(record.results) == [PLACE.step, "0.3@h1#0.0"]
    assert record.places
    assert record.ended


def test_a_run_that_ended_well_has_ended(run):
    run(RunEnded(2.0, "r", 1.0, {}, {}, 0))
    assert read_record(run.directory).ended
    run(RunEnded(3.0, "r", 1.0, {}, {}, 2))
    assert not read_record(run.directory).ended


def test_what_is_no_run_is_said(run, tmp_path):
    with pytest.raises(InputError, match="no run `nope`"):
        read_record(tmp_path / "runs" / "nope")
    with pytest.raises(InputError, match="no run in"):
        latest(tmp_path / "empty")
    (run.directory / "run.json").write_text("{")
    with pytest.raises(KplayError, match="is not a run's record"):
        read_record(run.directory)


def test_the_newest_run_is_the_latest(run, tmp_path):
    other = Journal(tmp_path / "runs" / "20270101-000000-aaaa")
    other.start(RunOptions(), [], mode="apply")
    other.close()
    assert latest(tmp_path / "runs") == other.directory
    assert json.loads((other.directory / "run.json").read_text())["mode"] == "apply"


def test_of_runs_within_one_second_the_later_is_the_latest(tmp_path):
    for number, end in enumerate(("ffff", "0000", "8888")):
        other = Journal(tmp_path / "all" / f"20270101-000000-{end}")
        other.start(RunOptions(), [], mode="apply")
        other.close()
        os.utime(other.directory / "run.json", ns=(number, number))
    assert [path.name[-4:] for path in by_age(tmp_path / "all")] == ["ffff", "0000", "8888"]
    assert latest(tmp_path / "all").name.endswith("8888")
