"""Facts of hosts that --limit leaves out or that are declared absent."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from kplay.errors import InputError
from kplay.graph.export import why

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = """\
[cp]
c1
c2 ansible_host=10.0.0.2
[workers]
w1 peer=c1
w2 peer=c2
w3
"""
GATHERED = """\
- name: facts
  hosts: all
  gather_subset: ["!all", "!min", python]
  tasks: []
"""
READS = (
    GATHERED
    + """\
- name: join
  hosts: workers
  gather_facts: false
  tasks:
    - {name: first, debug: {msg: "no other host"}}
    - {name: read, debug: {msg: "{{ hostvars[groups['cp'][0]].ansible_python_version }}"}}
    - {name: last, debug: {msg: done}}
"""
)


@pytest.fixture
def limited(walk, tmp_path: Path):
    (tmp_path / "hosts.ini").write_text(HOSTS)

    def run(playbook: str, **options: Any):
        runs = options.pop("runs_directory", tmp_path / "runs")
        return walk(playbook, hosts=str(tmp_path / "hosts.ini"), runs_directory=runs, **options)

    return run


def keep(folder: Path, host: str, *, age: float = 0.0, name: str = "kept") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"s1_{host}"
    path.write_text(json.dumps({"__payload__": json.dumps({"ansible_python_version": name})}))
    then = time.time() - age
    os.utime(path, (then, then))


def contacted(walked) -> set[str]:
    return {host for host, _ in walked.fleet.chains}


def test_only_the_facts_that_are_read_are_gathered(limited) -> None:
    walked = limited(READS, limit="w3")
    assert contacted(walked) == {"w3", "c1"}
    assert walked.result("read", "w3")["msg"] == "3.11.2"
    assert walked.ended("c1") == [("c1", "Facts of hosts outside --limit", "ok")]


def test_the_graph_says_why_and_where(limited, tmp_path: Path) -> None:
    walked = limited(READS, limit="w3")
    said = why(walked.walker.graph, "Facts of hosts outside --limit", "read")
    assert said == (
        "`read` waits for `Facts of hosts outside --limit`: reads ansible_python_version of c1, "
        f"which --limit leaves out ({tmp_path / 'play.yml'}:10)"
    )


def test_without_a_limit_nothing_is_added(limited) -> None:
    walked = limited(READS)
    assert len(walked.walker.graph.plays) == 2


def test_a_host_that_nobody_would_have_gathered_is_left_alone(limited) -> None:
    walked = limited(READS.replace(GATHERED, ""), limit="w3")
    assert contacted(walked) == set()
    assert walked.lost() == {"w3": "failed"}


@pytest.mark.parametrize(
    ("task", "hosts"),
    [
        ("""debug: {msg: "{{ hostvars['c2']['ansible_python_version'] }}"}""", {"c2"}),
        ("""debug: {msg: "{{ hostvars.c2.ansible_facts.python_version }}"}""", {"c2"}),
        ("""debug: {msg: "{{ hostvars[groups.cp | last].ansible_python_version }}"}""", {"c2"}),
        ("""debug: {msg: "{{ hostvars[item].ansible_python_version }}"}
      loop: "{{ groups.cp }}" """,
         {"c1", "c2"}),
        ("""debug:
        msg: "{{ groups['cp'] | map('extract', hostvars, 'ansible_python_version') | list }}" """,
         {"c1", "c2"}),
        ("""debug: {msg: "{{ from_vars }}"}""", {"c1"}),
        ("""debug: {msg: "{{ hostvars.c2.ansible_host }}"}""", set()),
        ("""debug: {msg: "{{ hostvars.c2.ansible_user | default('x') }}"}""", set()),
        ("""debug: {msg: "{{ hostvars[inventory_hostname].ansible_host | d('x') }}"}""", set()),
        ("""template: {src: t.j2, dest: /tmp/t}""", {"c1", "c2"}),
        ("""include_tasks: more.yml""", {"c2"}),
        ("""include_role: {name: r}""", {"c1"}),
    ],
)  # fmt: skip
def test_where_hosts_are_told_from(limited, task: str, hosts: set[str]) -> None:
    files = {
        "group_vars/workers.yml": 'from_vars: "{{ hostvars.c1.ansible_python_version }}"\n',
        "templates/t.j2": "{% for h in groups['cp'] %}\n{{ hostvars[h].ansible_python_version }}\n"
        "{% endfor %}\n",
        "more.yml": '- {name: inner, debug: {msg: "{{ hostvars.c2.ansible_python_version }}"}}\n',
        "roles/r/tasks/main.yml": "- {name: inner, debug: {msg: '{{ c }}'}}\n",
        "roles/r/defaults/main.yml": 'c: "{{ hostvars.c1.ansible_python_version }}"\n',
    }
    playbook = (
        GATHERED
        + f"- hosts: workers\n  gather_facts: false\n  tasks:\n    - name: read\n      {task}\n"
    )
    walked = limited(playbook, limit="w3", files=files)
    assert contacted(walked) - {"w3"} == hosts
    assert walked.lost() == {}


def test_what_cannot_be_told_is_said(limited, tmp_path: Path) -> None:
    task = """{name: read, debug: {msg: "{{ hostvars[chosen | default('w3')] | length }}"}}"""
    playbook = f"- hosts: workers\n  gather_facts: false\n  tasks:\n    - {task}\n"
    walked = limited(playbook, limit="w3")
    (note,) = walked.notes
    assert note.startswith("`read` reads variables of hosts that cannot be told before the run (")
    keep(tmp_path / "runs/facts", "c1", age=300)
    walked = limited(playbook, limit="w3")
    assert walked.notes[1].startswith("facts of 1 other host are up to 5 minutes old, kept in ")


def test_kept_facts_are_taken_with_their_age_said(limited, tmp_path: Path) -> None:
    keep(tmp_path / "runs/facts", "c1", age=7300)
    walked = limited(READS, limit="w3")
    assert contacted(walked) == {"w3"}
    assert walked.result("read", "w3")["msg"] == "kept"
    where = tmp_path / "runs/facts/s1_c1"
    assert walked.notes == [f"facts of c1 are 2 hours old, kept in {where}"]


def test_many_kept_facts_are_one_line(limited, tmp_path: Path) -> None:
    hosts = ("c1", "c2", "w1", "w2", "w3")
    for number, name in enumerate(hosts):
        keep(tmp_path / "runs/facts", name, age=200 + 3600 * number)
    (tmp_path / "hosts.ini").write_text(HOSTS + "w4\n")
    text = "{{ groups.all | map('extract', hostvars, morekeys=['ansible_python_version']) | list }}"
    playbook = f'- hosts: w4\n  tasks: [{{name: read, debug: {{msg: "{text}"}}}}]\n'
    playbook = GATHERED + playbook.replace("tasks", "gather_facts: false\n  tasks")
    walked = limited(playbook, limit="w4")
    where = tmp_path / "runs/facts"
    (note,) = walked.notes
    assert note == f"facts of c1, c2, w1, w2, w3 are 3 minutes to 4 hours old, kept in {where}"
    assert walked.result("read", "w4")["msg"] == [*["kept"] * 5, "3.11.2"]


def test_what_a_task_gathers_would_have_been_gathered(limited) -> None:
    play = GATHERED.replace("tasks: []", "gather_facts: false\n  tasks: [{setup: {}}]")
    walked = limited(play.replace("hosts: all", "hosts: cp") + READS[len(GATHERED) :], limit="w3")
    assert walked.result("read", "w3")["msg"] == "3.11.2"


def test_cacheable_variables_are_kept_ones_or_said_to_be_lacking(limited, tmp_path: Path) -> None:
    playbook = """\
- hosts: all
  gather_facts: false
  tasks:
    - {name: choose, set_fact: {address: "{{ inventory_hostname }}!", cacheable: true}}
    - {name: read, debug: {msg: "{{ hostvars.c1.address | default('none') }}"}}
"""
    walked = limited(playbook, limit="w3")
    place = f"{tmp_path / 'play.yml'}:5"
    assert walked.notes == [f"no facts are kept of c1: `read` reads them ({place})"]
    assert contacted(walked) == set()
    path = tmp_path / "runs/facts/s1_c1"
    path.parent.mkdir(parents=True)
    path.write_text('{"address": "kept!"}')
    walked = limited(playbook, limit="w3")
    assert walked.result("read", "w3")["msg"] == "kept!"


def test_facts_that_are_too_old_are_gathered(limited, tmp_path: Path) -> None:
    keep(tmp_path / "runs/facts", "c1", age=90_000)
    walked = limited(READS, limit="w3")
    assert walked.result("read", "w3")["msg"] == "3.11.2"
    assert walked.notes == []


def test_a_dead_host_stops_only_the_steps_that_read_it(limited) -> None:
    playbook = (
        GATHERED
        + """\
- hosts: workers
  gather_facts: false
  vars: {version: "{{ hostvars[peer].ansible_python_version }}"}
  tasks:
    - {name: first, debug: {msg: "no other host"}}
    - {name: read, debug: {msg: "{{ version }}"}, ignore_errors: true}
    - {name: not here, debug: {msg: "{{ version }}"}, when: peer == 'c2'}
    - {name: last, debug: {msg: done}}
"""
    )
    walked = limited(playbook, limit="w1,w2", unreachable=("c1",))
    assert walked.lost() == {"c1": "unreachable"}
    assert walked.ended("w1")[1:] == [
        ("w1", "first", "ok"), ("w1", "read", "ignored"),
        ("w1", "not here", "skipped"), ("w1", "last", "ok"),
    ]  # fmt: skip
    assert "it reads facts of c1, which were not gathered" in walked.result("read", "w1")["msg"]
    assert [status for _, _, status in walked.ended("w2")] == ["ok"] * 5


def test_a_slow_host_holds_up_only_the_steps_that_read_it(limited) -> None:
    # Under linear order every task that reads other hosts' variables is a barrier
    free = READS.replace("hosts: workers", "hosts: workers\n  strategy: free")
    playbook = free.replace("groups['cp'][0]", "peer")
    walked = limited(playbook, limit="w1,w2", slow=("c2",))
    order = [(one.place.host, one.place.task) for one in walked.steps()]
    assert order.index(("w1", "last")) < order.index(("c2", "Facts of hosts outside --limit"))
    assert order.index(("c2", "Facts of hosts outside --limit")) < order.index(("w2", "read"))


def test_a_plan_gathers_them_too(limited) -> None:
    walked = limited(READS, limit="w3", planning=True)
    assert walked.result("read", "w3")["msg"] == "3.11.2"


def test_nothing_runs_on_an_absent_host(limited) -> None:
    playbook = """\
- name: count
  hosts: all
  gather_facts: false
  tasks:
    - name: groups
      debug: {msg: "{{ groups.cp }} {{ ansible_play_hosts }} {{ hostvars.c2.ansible_host }}"}
    - {name: there, ping: , delegate_to: c2, ignore_errors: true, run_once: true}
"""
    walked = limited(playbook, absent=("c2",))
    assert "c2" not in contacted(walked)
    said = walked.result("groups", "c1")["msg"]
    assert said == "['c1', 'c2'] ['c1', 'w1', 'w2', 'w3'] 10.0.0.2"
    assert "c2 is declared absent" in walked.result("there", "c1")["msg"]
    assert walked.lost() == {}


def test_the_facts_of_an_absent_host_are_kept_ones_of_any_age(limited, tmp_path: Path) -> None:
    keep(tmp_path / "runs/facts", "c1", age=400_000)
    walked = limited(READS, absent=("c1",))
    assert walked.result("read", "w2")["msg"] == "kept"
    assert walked.notes[0].startswith("facts of c1 (absent) are 4 days old, kept in ")


def test_an_absent_host_without_kept_facts_is_told_of(limited, tmp_path: Path) -> None:
    walked = limited(READS, absent=("c1",))
    place = f"{tmp_path / 'play.yml'}:10"
    assert walked.notes == [f"no facts are kept of c1 (absent): `read` reads them ({place})"]
    assert [task for _, task, status in walked.ended("w1") if status == "failed"] == ["read"]
    said = "`ansible_python_version` is not defined on c1, which is declared absent"
    assert said in walked.result("read", "w1")["msg"]


def test_the_inventory_may_declare_a_host_absent(limited, tmp_path: Path) -> None:
    files = {"host_vars/c2.yml": "kplay_absent: true\n"}
    walked = limited(GATHERED, files=files)
    assert contacted(walked) == {"c1", "w1", "w2", "w3"}
    (tmp_path / "host_vars/c2.yml").write_text("kplay_absent: maybe\n")
    with pytest.raises(InputError, match="`kplay_absent` wants true or false, not `maybe`"):
        limited(GATHERED)


def test_an_absent_name_must_be_known(limited) -> None:
    with pytest.raises(InputError, match="no host or group named `c9`"):
        limited(GATHERED, absent=("c9",))
