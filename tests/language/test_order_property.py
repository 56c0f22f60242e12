"""Whatever a playbook does, the default order ends as strict linear order does."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from interleaved import Ended, walked

HOSTS = ("a", "b", "c", "d")
Tasks = list[dict[str, Any]]
FILES = st.sampled_from(["/etc/one", "/etc/two", "/etc/three"])
FACTS = st.sampled_from(["f1", "f2"])
SOME = "inventory_hostname in {}"


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=4, unique=True))
    return {"when": SOME.format(sorted(names))} if draw(st.booleans()) else {}


@st.composite
def copies(draw: st.DrawFn) -> Tasks:
    word = draw(st.sampled_from(["x", "y"]))
    content = f"{word} {{{{ inventory_hostname }}}} {{{{ f1 | default('-') }}}}\n"
    notify = {"notify": "handled"} if draw(st.booleans()) else {}
    return [{"copy": {"dest": draw(FILES), "content": content}, **notify}]


@st.composite
def foreign_reads(draw: st.DrawFn) -> Tasks:
    other, fact = draw(st.sampled_from(HOSTS[:2])), draw(FACTS)
    content = f"{{{{ hostvars['{other}'].{fact} | default('none') }}}}\n"
    return [{"copy": {"dest": draw(FILES), "content": content}}]


@st.composite
def facts(draw: st.DrawFn) -> Tasks:
    value = draw(st.sampled_from(["1", "2", "{{ f2 | default('0') }}", "{{ groups.all[0] }}"]))
    once = {"run_once": True} if draw(st.integers(0, 3)) == 0 else {}
    return [{"set_fact": {draw(FACTS): value + " {{ inventory_hostname }}"}, **once}]


@st.composite
def reads(draw: st.DrawFn) -> Tasks:
    lines = "{{ (found.content | default('') | b64decode).splitlines() | sort | join(',') }}"
    return [
        {"slurp": {"src": draw(FILES)}, "register": "found", "ignore_errors": draw(st.booleans())},
        {"set_fact": {draw(FACTS): lines}},
    ]


@st.composite
def delegated(draw: st.DrawFn) -> Tasks:
    line = "{{ inventory_hostname }} {{ f1 | default('-') }}"
    other = draw(st.sampled_from(["a", "b"]))
    edit = {"path": "/etc/shared", "line": line, "create": True}
    seen = {"src": "/etc/shared"}
    return [
        {"lineinfile": edit, "delegate_to": other},
        {"slurp": seen, "register": "found", "ignore_errors": True, "delegate_to": other},
    ]


@st.composite
def once(draw: st.DrawFn) -> Tasks:
    return [{"copy": {"dest": draw(FILES), "content": "once {{ f2 | default('-') }}\n"},
             "run_once": True}]  # fmt: skip


@st.composite
def loops(draw: st.DrawFn) -> Tasks:
    content = "{{ item }} {{ hostvars[item].f1 | default('-') }}\n"
    loop: Any = draw(st.sampled_from([["a", "b"], "{{ groups.all }}"]))
    return [{"copy": {"dest": "/etc/loop-{{ item }}", "content": content}, "loop": loop}]


@st.composite
def mirrors(draw: st.DrawFn) -> Tasks:
    name = draw(st.sampled_from(["one", "two"]))
    return [
        {"fetch": {"src": f"/etc/{name}", "dest": "{{ mirror }}/", "fail_on_missing": False}},
        {"copy": {"src": f"{{{{ mirror }}}}/{{{{ groups.all[0] }}}}/etc/{name}",
                  "dest": draw(FILES)}, "ignore_errors": draw(st.booleans())},
    ]  # fmt: skip


@st.composite
def blocks(draw: st.DrawFn) -> Tasks:
    failing = {"slurp": {"src": "/nowhere"}} | draw(conditions())
    block: dict[str, Any] = {"block": [*draw(SIMPLE), failing, *draw(SIMPLE)]}
    if draw(st.booleans()):
        block["rescue"] = draw(SIMPLE)
    if draw(st.booleans()) or "rescue" not in block:
        block["always"] = draw(SIMPLE)
    return [block]


SAID = st.just([{"debug": {"msg": "{{ groups.all | map('extract', hostvars) "
                                  "| map(attribute='f1', default='-') | list }}"}}])  # fmt: skip
SIMPLE = st.one_of(copies(), foreign_reads(), facts(), delegated(), once())
FLUSH = st.just([{"meta": "flush_handlers"}])
ANY = st.one_of(copies(), facts(), foreign_reads(), reads(), delegated(), once(), loops(),
                mirrors(), blocks(), SAID, FLUSH)  # fmt: skip


@st.composite
def plays(draw: st.DrawFn) -> dict[str, Any]:
    parts = draw(st.lists(ANY, min_size=2, max_size=7))
    tasks = [dict(task) for part in parts for task in part]
    for number, task in enumerate(tasks):
        if "block" not in task and "when" not in task and "meta" not in task:
            task.update(draw(conditions()) if draw(st.integers(0, 3)) == 0 else {})
        task["name"] = f"task {number}"
    return {
        "hosts": "all",
        "gather_facts": False,
        "tasks": tasks,
        "handlers": [{"name": "handled", "lineinfile": {
            "path": "/etc/handled", "line": "{{ f1 | default('-') }}", "create": True}}],
    }  # fmt: skip


def run_in_memory(playbook: list[dict[str, Any]], hosts: int, seed: int) -> Ended:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "play.yml"
        path.write_text(json.dumps(playbook))
        inventory = ",".join(HOSTS[:hosts]) + ","
        return walked(path, inventory, seed, mirror=f"{folder}/mirror")


@settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    play=plays(),
    hosts=st.integers(2, 4),
    seeds=st.tuples(st.integers(0, 999), st.integers(0, 999)),
)
def test_the_relaxed_order_ends_as_the_strict_one(play, hosts, seeds):
    relaxed = run_in_memory([play], hosts, seeds[0])
    strict = run_in_memory([{**play, "strategy": "linear"}], hosts, seeds[1])
    assert relaxed.statuses == strict.statuses
    assert relaxed.lost == strict.lost
    assert relaxed.files == strict.files


def test_the_relaxed_order_is_another_order():
    task = {"copy": {"dest": "/etc/one", "content": "x"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [task] * 5}
    orders = {tuple(run_in_memory([play], 3, seed).order) for seed in range(5)}
    assert len(orders) > 1
