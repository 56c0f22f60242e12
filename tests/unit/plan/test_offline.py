"""A plan from files alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.execute.options import RunOptions
from kplay.plan.offline import forecast
from kplay.plan.offline.alike import Alike

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from kplay.plan.offline.outlook import Forecast, Prospect

INVENTORY = """\
[web]
w1 rack=1
w2 rack=2
[db]
d1 rack=1
[web:vars]
port=80
"""


def write(folder: Path, tasks: str, inventory: str = INVENTORY, play: str = "") -> RunOptions:
    (folder / "hosts").write_text(inventory)
    head = f"- hosts: all\n{play or '  gather_facts: false'}\n  tasks:\n"
    (folder / "site.yml").write_text(head + tasks)
    return RunOptions((folder / "site.yml",), (str(folder / "hosts"),), runs_directory=folder / "r")


def of(folder: Path, tasks: str, **more: str) -> Forecast:
    return forecast(write(folder, tasks, **more))


def by_task(found: Forecast) -> dict[str, Prospect]:
    return {one.task: one for one in found.prospects}


def test_conditions_choose_hosts(tmp_path: Path):
    found = of(
        tmp_path,
        "    - {name: web, file: {path: /a}, when: port is defined}\n"
        "    - {name: rack, file: {path: /b}, when: rack == 1}\n"
        "    - {name: first, file: {path: /c}, when: 'inventory_hostname == groups.web[0]'}\n"
        "    - {name: none, file: {path: /d}, when: false}\n",
    )
    assert {name: one.hosts for name, one in by_task(found).items()} == {
        "web": ["w1", "w2"],
        "rack": ["w1", "d1"],
        "first": ["w1"],
    }
    assert (found.steps, found.skipped) == (12, 7)


def test_loops_count_their_turns(tmp_path: Path):
    found = of(
        tmp_path,
        "    - {name: l, file: {path: '/{{ item }}'}, loop: [a, b, c], when: item != 'b'}\n",
    )
    (one,) = found.prospects
    assert (one.look.turns, one.look.may, one.hosts) == (2, 0, ["w1", "w2", "d1"])


def test_what_hosts_would_tell_is_a_perhaps_with_its_cause(tmp_path: Path):
    found = of(
        tmp_path,
        "    - {name: look, command: id, register: seen, when: inventory_hostname != 'd1'}\n"
        "    - {name: after, file: {path: /a}, when: seen is changed}\n"
        "    - {name: fact, file: {path: /b}, when: ansible_facts.os_family == 'Debian'}\n",
        play="  gather_facts: true",
    )
    steps = by_task(found)
    assert steps["look"].action == "run"
    assert (steps["after"].look.may, steps["after"].hosts) == (1, ["w1", "w2"])
    assert steps["after"].look.causes == ("`look`, which has not been taken",)
    assert steps["fact"].look.causes == ("the hosts' facts, which were not gathered",)


def test_variables_that_tasks_set_are_known(tmp_path: Path):
    found = of(
        tmp_path,
        "    - set_fact: {mine: '{{ rack | int + 1 }}'}\n"
        "    - {name: two, file: {path: /a}, when: mine == '2' or mine == 2}\n",
    )
    assert by_task(found)["two"].hosts == ["w1", "d1"]


def test_a_failing_assertion_ends_the_play_of_its_host(tmp_path: Path):
    found = of(
        tmp_path,
        "    - {name: check, assert: {that: rack != 2, fail_msg: rack two is full}}\n"
        "    - {name: then, file: {path: /a}}\n",
    )
    steps = by_task(found)
    assert steps["check"].look.fault == "rack two is full"
    assert steps["check"].hosts == ["w2"]
    assert steps["then"].hosts == ["w1", "d1"]


def test_a_fact_that_an_earlier_run_kept_counts(tmp_path: Path):
    options = write(
        tmp_path,
        "    - {name: deb, file: {path: /a}, when: ansible_os_family == 'Debian'}\n",
        play="  gather_facts: true",
    )
    kept = tmp_path / "r/facts"
    kept.mkdir(parents=True)
    (kept / "w1").write_text(json.dumps({"ansible_os_family": "Debian"}))
    (kept / "w2").write_text(json.dumps({"ansible_os_family": "RedHat"}))
    found = forecast(options)
    looks = {(tuple(one.hosts), bool(one.look.turns)) for one in found.prospects}
    assert looks == {(("w1",), True), (("d1",), False)}
    assert any("of 2 hosts are those of earlier runs" in note for note in found.notes)
    found = forecast(replace(options, flush_cache=True, check=True))
    assert [(one.hosts, one.look.turns) for one in found.prospects] == [(["w1", "w2", "d1"], 0)]
    assert (kept / "w1").exists()


def test_hosts_that_look_alike_are_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    many = "[g]\n" + "".join(f"h{n} rack={n % 4} ansible_host=10.0.0.{n}\n" for n in range(200))
    asked: list[str] = []
    ask = Alike.ask

    def count(self: Alike, hosts: list[str], question: Any) -> Any:
        return ask(self, hosts, lambda host: asked.append(host) or question(host))

    monkeypatch.setattr(Alike, "ask", count)
    tasks = "".join(
        f"    - {{name: t{n}, file: {{path: /t}}, when: rack | int > 1}}\n" for n in range(50)
    )
    found = of(tmp_path, tasks, inventory=many)
    assert [len(one.hosts) for one in found.prospects] == [100] * 50
    assert len(asked) == 50 * 4


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    options = write(
        tmp_path,
        "    - {name: web, file: {path: /a}, when: port is defined}\n"
        "    - {name: all, command: id}\n",
    )
    given = ["plan", "--offline", "-i", str(options.inventory[0]), str(options.playbooks[0])]
    assert main(given) == ExitCode.OK
    place = tmp_path / "site.yml"
    assert capsys.readouterr().out == (
        "play: all\n"
        f"  ? web  [w1, w2]  {place}:4\n"
        f"  ! all  [w1, w2, d1]  {place}:5\n"
        "\n"
        "offline plan: 6 steps on 3 hosts: 2 to be looked at on the hosts, 3 to run, 1 skipped\n"
    )
    assert main([*given, "--format", "json"]) == ExitCode.OK
    data = json.loads(capsys.readouterr().out)
    assert data["hosts_of"][data["steps"][0]["hosts"]] == ["w1", "w2"]
    assert main([*given, "--detailed-exitcode"]) == ExitCode.USAGE


def test_a_loop_without_turns_has_no_results_and_one_passed_over_has_its_items(tmp_path: Path):
    found = of(
        tmp_path,
        "    - {name: a, file: {path: '/{{ item }}'}, loop: [], register: empty}\n"
        "    - {name: b, file: {path: '/{{ item }}'}, loop: [x, y], when: false,\n"
        "       register: passed}\n"
        "    - {name: of none, file: {path: '{{ item.path }}'}, loop: '{{ empty.results }}'}\n"
        "    - {name: of both, file: {path: /a}, loop: '{{ passed.results }}',\n"
        "       when: item is skipped and item.item == 'y'}\n",
        inventory="h1\n",
    )
    (one,) = found.prospects
    assert (one.task, one.look.turns, one.look.fault) == ("of both", 1, "")


def test_what_fails_once_fails_for_all(tmp_path: Path):
    tasks = (
        "    - {name: check, assert: {that: 1 == 2}, run_once: true}\n"
        "    - {name: after, file: {path: /a}}\n"
    )
    found = of(tmp_path, tasks)
    assert {name: one.hosts for name, one in by_task(found).items()} == {"check": ["w1"]}
    found = of(tmp_path, tasks, play="  gather_facts: false\n  serial: 2")
    assert {name: one.hosts for name, one in by_task(found).items()} == {"check": ["w1", "d1"]}
    found = of(tmp_path, tasks.replace("run_once: true", "when: inventory_hostname == 'w1'"))
    assert by_task(found)["after"].hosts == ["w2", "d1"]
