"""kplay explain, from files to what is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kplay.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "hosts.ini": "[web]\nw1\nw2\n[front:children]\nweb\n[front:vars]\nport=1\n[web:vars]\nport=2\n",
    "group_vars/all.yml": 'port: "{{ base + 1 }}"\nbase: 8000\ndb_password: s3cret99\n'
    'url: "http://u:{{ db_password }}@h"\nbroken: "{{ nosuch }}"\nlate: "{{ out.rc }}"\n'
    "sealed: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
    "host_vars/w1.yml": "port: 9000\n",
    "more.yml": "port: 6\n",
    "roles/r/defaults/main.yml": "port: 80\nonly_r: 1\n",
    "roles/r/tasks/main.yml": "- debug: {msg: 1}\n",
    "site.yml": """\
- name: first
  hosts: web
  roles: [r]
  tasks:
    - {name: choose, set_fact: {port: 5}}
    - {name: read, include_vars: more.yml}
    - {name: ask, command: 'true', register: out}
    - {name: use, debug: {msg: 2}, vars: {port: 3}}
    - {name: grow, include_tasks: "{{ port }}.yml"}
- name: second
  hosts: w1
  gather_facts: false
  vars: {port: 77}
  tasks: [{debug: {msg: 1}}]
""",
}


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    def run(*words: str, playbook: str = "site.yml") -> tuple[int, str, str]:
        options = ["-i", "hosts.ini", *([playbook] if playbook else [])]
        code = main(["explain", *words, *options])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def read(explain):
    def run(*words: str, **options: str) -> list[dict[str, Any]]:
        code, out, err = explain(*words, "--format", "json", **options)
        assert code == 0, err
        return json.loads(out)

    return run


def places(entries: list[dict[str, Any]]) -> list[tuple[int, str, int]]:
    return [(one["level"], one["file"], one["line"]) for one in entries]


def test_every_definition_and_who_wins(explain) -> None:
    code, out, _ = explain("port", "w2")
    assert code == 0
    assert out == (
        "port on w2: 8001\n"
        "  level 5 (playbook group_vars/all) wins over level 3 (inventory file, groups)\n"
        "\n"
        "defined by, the strongest first:\n"
        ">  5 playbook group_vars/all  group_vars/all.yml:1\n"
        '       "{{ base + 1 }}"\n'
        "       = 8001\n"
        "   3 inventory file, groups, group `web`  hosts.ini:9\n"
        "       2\n"
        "   3 inventory file, groups, group `front`  hosts.ini:7\n"
        "       1\n"
        "   1 role defaults  roles/r/defaults/main.yml:1\n"
        "       80\n"
        "\n"
        "in a part of the play, or from a task on:\n"
        "  19 set_fact and register, after `choose`  site.yml:5\n"
        "       5\n"
        "  18 include_vars, after `read`  more.yml:1\n"
        "       6\n"
        "  17 task vars, in `use`  site.yml:8\n"
        "       3\n"
        "\n"
        "1 includes are read when the play runs; they may set it too\n"
    )


def test_each_play_that_makes_something_else_of_it(explain, read) -> None:
    _, out, _ = explain("port", "w1")
    assert out.startswith("in the play `first`:\nport on w1: 9000\n")
    assert "\n\nin the play `second`:\nport on w1: 77\n" in out
    first, second = read("port", "w1")
    assert places(first["definitions"])[-1] == (10, "host_vars/w1.yml", 1)
    assert second["why"] == "level 12 (play vars) wins over level 10 (playbook host_vars)"
    # What a task of the first play sets still holds in the second
    assert (19, "site.yml", 5) in places(second["later"])
    assert (17, "site.yml", 8) not in places(second["later"])


def test_the_inventory_alone(read) -> None:
    (found,) = read("port", "w1", playbook="")
    assert (found["play"], found["value"]) == (None, 9000)
    assert (
        found["why"] == "level 9 (inventory host_vars) wins over level 4 (inventory group_vars/all)"
    )


def test_the_group_that_wins(read, tmp_path: Path) -> None:
    (tmp_path / "group_vars/all.yml").unlink()
    (found,) = read("port", "w2", playbook="")
    assert found["value"] == 2
    assert found["why"].startswith("group `web` wins over group `front`: the deeper group does")


def test_secrets_are_masked(explain) -> None:
    for name in ("db_password", "url", "sealed", "hostvars.w1.url"):
        code, out, _ = explain(name, "w2")
        assert code == 0
        assert "s3cret99" not in out
        assert "6162" not in out
    _, out, _ = explain("url", "w2")
    assert '"http://u:********@h"' in out
    _, out, _ = explain("sealed", "w2")
    assert "(encrypted with ansible-vault)" in out


def test_what_cannot_be_rendered_says_why(read) -> None:
    found = read("broken", "w2")[0]
    assert (found["value"], found["problem"]) == (None, "`nosuch` is undefined")
    assert found["definitions"][0]["written"] == "{{ nosuch }}"


def test_what_only_a_run_makes(explain, read) -> None:
    _, out, _ = explain("out", "w2")
    assert out.startswith("out on w2: not defined before a run\n")
    assert "after `ask`  site.yml:7\n       the task's result, known when it has run" in out
    found = read("ansible_os_family", "w2")[0]
    assert found["kind"] == "fact"
    assert places(found["later"]) == [(11, "site.yml", 2)]


def test_magic_variables_are_said_to_be_so(explain, read) -> None:
    found = read("group_names", "w2")[0]
    assert (found["kind"], found["value"]) == ("magic", ["front", "web"])
    assert read("groups.web", "w2")[0]["value"] == ["w1", "w2"]
    assert read("ansible_host", "w2")[0]["kind"] == "magic"
    for name in ("hostvars", "vars"):
        assert "ask for one of them" in explain(name, "w1")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("prot", "w1"), "`prot` is not defined on w1\n = help: did you mean `port`?"),
        (("ansible_os_famly", "w1"), "did you mean `ansible_os_family`?"),
        (("port", "w11"), "the inventory has no host `w11`\n = help: did you mean `w1`?"),
        (("[x]", "w1"), "`[x]` cannot be the name of a variable"),
    ],
)
def test_unknown_names(explain, words: tuple[str, str], message: str) -> None:
    code, out, err = explain(*words)
    assert (code, out) == (1, "")
    assert message in err


def test_a_fact_that_nobody_gathers(explain) -> None:
    code, _, err = explain("ansible_os_family", "w1", playbook="")
    assert code == 1
    assert "it is a fact, and no play with this host gathers facts" in err
