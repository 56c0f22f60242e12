"""Whatever stands in a playbook, loading gives plays or diagnostics and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kplay.cli.main import main
from kplay.errors import ExitCode, InputError
from kplay.graph.build import build
from kplay.lint.check import lint
from kplay.playbook.load import load
from kplay.resolve.filters import filter_names
from kplay.resolve.jinja_tests import test_names as names_of_tests
from kplay.resolve.lookups import lookup_names

if TYPE_CHECKING:
    import random
    from pathlib import Path

SOUND = """
- name: first
  hosts: all
  gather_facts: false
  vars: {a: 1, b: "{{ a }}", c: [1, {d: e}]}
  vars_files: [vars.yml]
  environment: {LANG: C}
  serial: [1, 50%]
  module_defaults: {file: {mode: "0644"}}
  roles:
    - one
    - {role: two, vars: {x: 1}, tags: [t], when: a == 1}
  pre_tasks:
    - import_tasks: more.yml
  tasks:
    - name: looped
      debug: {msg: "{{ item }}"}
      loop: [1, 2]
      loop_control: {loop_var: item, label: "{{ item }}", index_var: i, extended: true}
      register: said
      until: said is succeeded
      retries: 2
      delay: 1
      when: [a is defined, b != 2]
      notify: [changed]
    - command: echo {{ a }} creates=/x
      args: {chdir: /}
      changed_when: false
      failed_when: [false]
    - block:
        - copy: {content: "{{ b }}", dest: /x, mode: "0644", owner: root}
      rescue:
        - fail: {msg: no}
      always:
        - set_fact: {z: "{{ said }}"}
      become: true
      become_user: root
    - include_tasks: {file: more.yml, apply: {tags: [q]}}
      with_items: [1]
    - include_role: {name: one, tasks_from: main, public: true}
    - meta: flush_handlers
    - assert: {that: [a == 1], fail_msg: no}
      delegate_to: localhost
      run_once: true
      needs: [looped]
    - local_action: {module: ping}
    - action: debug msg=hello
  handlers:
    - name: changed
      listen: [other]
      service: {name: x, state: restarted}
- import_playbook: other.yml
  vars: {k: v}
"""
FILES = {
    "vars.yml": "v: 1\n",
    "more.yml": "- debug: {msg: more}\n",
    "other.yml": "- hosts: all\n  tasks: []\n",
    "roles/one/tasks/main.yml": "- debug: {msg: one}\n",
    "roles/one/defaults/main.yml": "x: 2\n",
    "roles/two/tasks/main.yml": "- ping:\n",
    "roles/two/meta/main.yml": "dependencies: [{role: one}]\n",
}
ODD: list[Any] = [
    None, "", "text", "a=b", "a, b", "50%", 0, -1, 1.5, True, [], [None], [[]], ["a"], {},
    {"a": None}, {1: 2}, {"a": [1]}, [{"a": 1}], "{{ x }}", "{{ 1 }}", "{{", "{% if %}",
    "{{ x | nope }}", dt.date(2024, 1, 2), float("nan"), float("inf"), 10**30,
    "é\u2028ü", "/", "..", "\x07",
]  # fmt: skip
RAW = [
    b"", b"\n", b"---\n...\n", b"42", b"text", bytes(range(256)), b"- hosts: all\n\0", b"[" * 2000,
    b"\xef\xbb\xbf- hosts: all\n", b"- hosts: all\r\n  tasks: []\r\n", b"&a [*a]\n", b"- <<: 1\n",
    "- hosts: all\n".encode("utf-16"), "- hosts: é\n".encode("latin-1"), b"- ? [a]\n  : 1\n",
    b"- 1: 2\n", b"- ~: 2\n", b"- yes: 2\n", b"- 2020-01-01: 2\n", b"- hosts: !!binary aGk=\n",
    b"- !!python/object:os.system {}\n", b"- hosts: 2020-99-99\n",
    b"%YAML 9.9\n---\n- hosts: all\n",
    b"- hosts: all\n---\n- hosts: all\n", b"$ANSIBLE_VAULT;1.1;AES256\n33\n", b"\ta: 1\n",
    b"- hosts: !vault |\n    x\n", b"- hosts: " + b"9" * 5000 + b"\n",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value and key in plain data."""
    found = [path]
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in pairs:
            found += places(part, (*path, key))
    return found


def changed(data: Any, path: tuple[Any, ...], odd: Any, how: str) -> Any:
    """The data with one value replaced, removed, doubled or under another key."""
    if not path:
        return odd
    head, rest = path[0], path[1:]
    copy = dict(data) if isinstance(data, dict) else list(data)
    if rest:
        copy[head] = changed(copy[head], rest, odd, how)
    elif how == "replace":
        copy[head] = odd
    elif how == "remove":
        del copy[head]
    elif isinstance(copy, dict):
        moved = copy.pop(head)
        copy[odd if isinstance(odd, (str, int, type(None))) else str(odd)] = moved
    else:
        copy.insert(head, odd)
    return copy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def check(path: Path) -> None:
    known: dict[str, Any] = {
        "filters": filter_names(),
        "tests": names_of_tests(),
        "lookups": lookup_names(),
    }
    try:
        playbook = load([path], **known)
        build(playbook, [["h1", "h2"] for _ in playbook.plays])
    except InputError as error:
        found = error.diagnostics
    else:
        return
    assert found
    assert all(one.message for one in found)


BASE = yaml.safe_load(SOUND)
PLACES = places(BASE)


def test_the_sound_playbook_is_sound(folder: Path) -> None:
    path = folder / "playbook.yml"
    path.write_text(SOUND)
    assert len(load([path]).plays) == 2


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.sampled_from(ODD),
            st.sampled_from(["replace", "remove", "rename"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_changed_playbook_is_loaded_or_refused(
    folder: Path, changes: list[tuple[tuple[Any, ...], Any, str]]
) -> None:
    data = BASE
    for place, odd, how in changes:
        try:
            data = changed(data, place, odd, how)
        except (KeyError, IndexError, TypeError):
            continue
    path = folder / "playbook.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    check(path)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.randoms(use_true_random=False))
def test_spoilt_text_is_loaded_or_refused(folder: Path, chance: random.Random) -> None:
    text = list(SOUND)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        text[at : at + chance.randint(0, 3)] = chance.choice(["", "{{", "'", ":", "\t", "&a ", "é"])
    path = folder / "playbook.yml"
    path.write_text("".join(text), encoding="utf-8")
    check(path)


@pytest.mark.parametrize("place", ["playbook.yml", *FILES, "hosts.yml", "group_vars/all.yml"])
def test_odd_files_are_read_or_refused(
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"playbook.yml": SOUND, "hosts.yml": "web: {hosts: {w1: }}\n", **FILES}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    spoilt = tmp_path / place
    spoilt.parent.mkdir(exist_ok=True)
    for number, raw in enumerate(RAW):
        spoilt.write_bytes(raw)
        verb = ("graph", "lint")[number % 2]
        for one in (verb,) if place != "playbook.yml" else ("graph", "lint"):
            code = main([one, "-i", "hosts.yml", "playbook.yml"])
            assert code in (ExitCode.OK, ExitCode.BAD_INPUT), (place, raw, one)
        if place in ("hosts.yml", "group_vars/all.yml"):
            code = main(["inventory", "-i", "hosts.yml", "--list"])
            assert code in (ExitCode.OK, ExitCode.BAD_INPUT), (place, raw)
    spoilt.unlink()
    spoilt.symlink_to("nowhere")
    assert main(["graph", "-i", "hosts.yml", "playbook.yml"]) in (0, ExitCode.BAD_INPUT)
    spoilt.unlink()
    spoilt.mkdir()
    assert main(["lint", "-i", "hosts.yml", "playbook.yml"]) in (0, ExitCode.BAD_INPUT)
    capsys.readouterr()


def test_a_file_that_includes_itself_is_linted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kplay.execute.options import RunOptions

    monkeypatch.chdir(tmp_path)
    (tmp_path / "again.yml").write_text("- include_tasks: again.yml\n- include_tasks: play.yml\n")
    (tmp_path / "play.yml").write_text("- hosts: all\n  tasks: [{include_tasks: again.yml}]\n")
    from pathlib import Path as Plain

    assert lint(RunOptions(playbooks=(Plain("play.yml"),), inventory=("w1,",))).errors == 1
