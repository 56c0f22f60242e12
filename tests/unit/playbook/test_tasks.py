"""Tasks, blocks, handlers, includes and static imports."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kplay.playbook.model import Block, Include, Playbook, Task, effective, gathered


def play_of(tasks: str, more: str = "") -> str:
    body = "".join(f"    {line}\n" for line in tasks.splitlines())
    return f"- hosts: all\n{more}  tasks:\n{body}"


@pytest.fixture
def only(loaded: Callable[..., Playbook]) -> Callable[..., Any]:
    def read(tasks: str, files: dict[str, str] | None = None, **options: Any) -> Any:
        return loaded(play_of(tasks), files, **options).plays[0].tasks[0]

    return read


@pytest.mark.parametrize(
    ("written", "module", "args"),
    [
        ("- ping:", "ping", {}),
        ("- debug: msg='a b'", "debug", {"msg": "a b"}),
        ("- ansible.builtin.debug: {msg: x}", "debug", {"msg": "x"}),
        ("- command: ls -l creates=/x", "command", {"_raw": "ls -l", "creates": "/x"}),
        ("- command: {cmd: ls}", "command", {"cmd": "ls"}),
        ("- command: [ls, -l]", "command", {"argv": ["ls", "-l"]}),
        ("- shell: ls\n  args: {chdir: /tmp}", "shell", {"_raw": "ls", "chdir": "/tmp"}),
        ("- meta: flush_handlers", "meta", {"_raw": "flush_handlers"}),
        ("- include_vars: more.yml", "include_vars", {"file": "more.yml"}),
        ("- include_vars: file=more.yml name=x", "include_vars", {"file": "more.yml", "name": "x"}),
        ("- set_fact: {a: 1, cacheable: yes}", "set_fact", {"a": 1, "cacheable": True}),
        ("- set_fact: a=1 b='c d'", "set_fact", {"a": "1", "b": "c d"}),
        ("- action: debug msg=x", "debug", {"msg": "x"}),
        ("- action: {module: debug, msg: x}", "debug", {"msg": "x"}),
        ("- action: {module: command ls -l}", "command", {"_raw": "ls -l"}),
        ("- file: path={{ a }} mode=0644 state=touch", "file",
         {"path": "{{ a }}", "mode": "0644", "state": "touch"}),
    ],
)  # fmt: skip
def test_ways_to_call_a_module(
    only: Callable[..., Task], written: str, module: str, args: dict[str, Any]
) -> None:
    task = only(written)
    assert (task.module, task.args.value) == (module, args)


def test_local_action_is_delegated(only: Callable[..., Task]) -> None:
    task = only("- local_action: command ls")
    assert task.keywords["delegate_to"].value == "localhost"
    assert str(task.keywords["delegate_to"].span) == "site.yml:3:7"


def test_names_and_places(only: Callable[..., Task]) -> None:
    task = only("- name: Say it\n  debug:\n    msg: x\n  when: a\n")
    assert task.name == "Say it"
    assert str(task.span) == "site.yml:4:7"
    assert task.keywords["when"].span.line == 6
    assert task.args.child("msg").span.line == 5
    assert only("- ping:").name == "ping"


def test_blocks_and_what_is_inherited(loaded: Callable[..., Playbook]) -> None:
    play = loaded(
        play_of(
            "- when: a\n  become: false\n  tags: t\n  block:\n    - block:\n        - ping:\n"
            "          when: [b, c]\n          become: true\n  rescue: [{ping: }]\n"
            "  always: [{ping: }]",
            "  become: true\n  become_user: root\n",
        )
    ).plays[0]
    outer = play.tasks[0]
    assert isinstance(outer, Block)
    assert (len(outer.tasks), len(outer.rescue), len(outer.always)) == (1, 1, 1)
    inner = outer.tasks[0].tasks[0]
    assert [one.value for one in gathered(play, inner, "when")] == ["a", ["b", "c"]]
    assert effective(play, inner, "become").value is True
    assert effective(play, outer.rescue[0], "become").value is False
    assert effective(play, inner, "become_user").value == "root"
    assert effective(play, inner, "no_log") is None


def test_static_imports_unfold(
    loaded: Callable[..., Playbook], outline: Callable[..., list[Any]]
) -> None:
    play = loaded(
        play_of("- import_tasks: sub/a.yml\n  when: x\n  vars: {v: 1, f: b}\n- ping:"),
        {
            "sub/a.yml": "- debug: msg=x\n- import_tasks: '{{ f }}.yml'\n",
            "sub/b.yml": "- fail:\n- import_tasks: file=top.yml\n",
            "top.yml": "- meta: noop\n",
        },
    ).plays[0]
    assert outline(play.tasks) == [
        ("import", ["debug", ("import", ["fail", ("import", ["meta"])])]),
        "ping",
    ]
    deepest = play.tasks[0].tasks[1].tasks[0]
    assert [one.value for one in gathered(play, deepest, "when")] == ["x"]
    assert str(deepest.span) == "sub/b.yml:1:3"


def test_includes_stay_as_they_are(only: Callable[..., Include]) -> None:
    tasks = only("- include_tasks: '{{ item }}.yml'\n  loop: [a]\n  register: r")
    assert (tasks.kind, tasks.args.value) == ("tasks", {"file": "{{ item }}.yml"})
    assert tasks.name == "include_tasks {{ item }}.yml"
    role = only("- include_role: {name: x, tasks_from: y, apply: {become: true}}\n  vars: {a: 1}")
    assert (role.kind, role.args.value["tasks_from"]) == ("role", "y")
    short = only("- include_role: name=x")
    assert short.args.value == {"name": "x"}


def test_handlers(loaded: Callable[..., Playbook]) -> None:
    play = loaded(
        "- hosts: all\n  tasks:\n    - ping:\n      notify: [one, two]\n  handlers:\n"
        "    - name: one\n      ping:\n    - ping:\n      listen: two\n"
        "    - block:\n        - name: three\n          ping:\n"
    ).plays[0]
    assert [one.handler for one in play.handlers[:2]] == [True, True]
    assert play.handlers[2].tasks[0].handler


@pytest.mark.parametrize("called", ["win_file: {path: x}", "ansible.windows.win_shell: dir"])
def test_what_is_for_windows_may_stand_where_a_condition_passes_it_by(
    codes: Callable[..., list[str]], loaded: Callable[..., Playbook], called: str
) -> None:
    assert codes(play_of(f"- {called}")) == ["unsupported-module"]
    (task,) = loaded(play_of(f"- {called}\n  when: a == 'b'")).plays[0].tasks
    assert isinstance(task, Task)
    assert [one.code for one in task.faults] == ["unsupported-module"]
    loaded(play_of(f"- when: a == 'b'\n  block:\n  - {called}"))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("- 5", "bad-value"),
        ("- hosts: all\n  tasks: []", "misplaced-play"),
        ("- rescue: [{ping: }]", "missing-block"),
        ("- block: 5", "bad-value"),
        ("- ping:\n  listen: x", "unknown-keyword"),
        ("- ping:\n  register: 5x", "bad-value"),
        ("- ping:\n  loop: x", "bad-value"),
        ("- ping:\n  vars: x", "bad-value"),
        ("- ping:\n  vars: '{{ x }}'", "bad-value"),
        ("- ping:\n  environment: x", "bad-value"),
        ("- ping:\n  delay: soon", "bad-value"),
        ("- ping:\n  when: {a: b}", "bad-value"),
        ("- ping:\n  tags: {a: b}", "bad-value"),
        ("- ping:\n  args: text", "bad-value"),
        ("- ping:\n  args: '{{ x }}'", "unsupported-value"),
        ("- ping:\n  debugger: always", "unsupported-keyword"),
        ("- ping:\n  loop: [1]\n  loop_control: {pause: long}", "bad-value"),
        ("- include_tasks:", "missing-argument"),
        ("- import_tasks: {file: [a]}", "missing-argument"),
        ("- import_role:", "missing-argument"),
        ("- include: x.yml", "unsupported-module"),
        ("- ansible.posix.synchronize: {src: a, dest: b}", "unsupported-module"),
        ("- set_stats: {data: {a: 1}, per_hosts: true}", "unknown-argument"),
        ("- set_stats: {data: {a: 1}, aggregate: often}", "bad-value"),
        ("- copy: {dest: /x, src: a, content: b}", "contradicting-arguments"),
        ("- template: {dest: /x, src: a, content: b}", "unknown-argument"),
        ("- action: nothing", "unknown-module"),
        ("- action: {module: nothing}", "unknown-module"),
        ("- action: [a]", "bad-value"),
        ("- ping: [a]", "bad-value"),
        ("- ping: 5", "bad-value"),
        ("- debug: {msg: x, var: y}", "contradicting-arguments"),
        ("- wait_for: {port: 1, path: /x}", "contradicting-arguments"),
        ("- name: x", "no-module"),
        ("- debug:\n  poll: 0\n  async: 5", "unsupported-keyword"),
    ],
)
def test_what_is_refused(codes: Callable[..., list[str]], written: str, code: str) -> None:
    assert code in codes(play_of(written))


@pytest.mark.parametrize(
    "written",
    [
        "- ping:\n  when: '{{ a }}'\n  become: '{{ b }}'\n  retries: '{{ c }}'",
        "- ping:\n  when: [a, true]\n  failed_when: false\n  until: r is succeeded",
        "- ping:\n  environment: [{A: b}, '{{ more }}']",
        "- ping:\n  async: 60\n  poll: 5",
        "- ping:\n  with_dict: {a: 1}\n  loop_control: {label: x, extended: true}",
        "- ping:\n  retries: '5'\n  delay: 0.5\n  timeout: 10",
        "- ping:\n  needs: [x]\n  tags: [a, b]\n  module_defaults: {ping: {data: x}}",
        "- ping:\n  collections: [community.general]",
        "- file: {path: '{{ x }}', state: '{{ y }}'}",
        "- command:\n  args: {cmd: ls}",
    ],
)
def test_what_is_taken(only: Callable[..., Task], written: str) -> None:
    assert isinstance(only(written), Task)


def test_a_file_that_imports_twice_is_read_once(
    loaded: Callable[..., Playbook], monkeypatch: pytest.MonkeyPatch
) -> None:
    import kplay.playbook.reader as module

    read: list[Path] = []
    original = module.load_file
    monkeypatch.setattr(module, "load_file", lambda path, _: read.append(path) or original(path))
    loaded(play_of("- import_tasks: a.yml\n- import_tasks: a.yml"), {"a.yml": "- ping:\n"})
    assert read == [Path("site.yml"), Path("a.yml")]


def test_a_thousand_tasks_load_quickly(loaded: Callable[..., Playbook]) -> None:
    from time import process_time

    tasks = "".join(
        f"- name: Say {n}\n  command: echo {n} creates=/x{n}\n  when: a == {n}\n  register: r\n"
        for n in range(1000)
    )
    start = process_time()
    assert len(loaded(play_of(tasks)).plays[0].tasks) == 1000
    assert process_time() - start < 1
