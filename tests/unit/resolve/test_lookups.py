from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.playbook.model import Task
from kplay.resolve import loops
from kplay.resolve.faults import TemplateError
from kplay.resolve.lookups import lookup_names
from kplay.resolve.magic import PlayContext
from kplay.resolve.unknown import Unknown
from kplay.source import load_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

CASES = [
    ("lookup('items', [1, 2])", [1, 2]),
    ("query('items', [1, [2]])", [1, [2]]),
    ("lookup('dict', {'a': 1})", {"key": "a", "value": 1}),
    ("query('dict', {'a': 1})", [{"key": "a", "value": 1}]),
    ("lookup('sequence', 'start=1 end=3 format=n%02d')", "n01,n02,n03"),
    ("query('sequence', '2-10/2')", ["2", "4", "6", "8", "10"]),
    ("query('sequence', 'count=3')", ["1", "2", "3"]),
    ("query('sequence', start=1, end=2)", ["1", "2"]),
    ("query('sequence', 'start=3 end=1 stride=-1')", ["3", "2", "1"]),
    ("query('nested', [1, 2], ['a'])", [[1, "a"], [2, "a"]]),
    ("query('together', [1, 2], ['a'])", [[1, "a"], [2, None]]),
    ("query('subelements', [{'k': [1]}, {}], 'k', {'skip_missing': true})", [[{}, 1]]),
    ("query('indexed_items', ['a'])", [[0, "a"]]),
    ("query('inventory_hostnames', 'all:!web_eu')", ["web2.example.org"]),
    ("lookup('vars', 'x')", "hello"),
    ("lookup('vars', 'nope', default='d')", "d"),
    ("lookup('varnames', '^x$')", "x"),
    ("lookup('env', 'KPLAY_NOT_SET')", ""),
    ("lookup('env', 'KPLAY_NOT_SET', default='d')", "d"),
    ("lookup('file', '/nope', errors='ignore')", None),
    ("lookup('first_found', ['/nope'], skip=true)", []),
    ("lookup('pipe', 'echo hi; echo ho')", "hi\nho"),
    ("query('lines', 'echo hi; echo ho')", ["hi", "ho"]),
    ("lookup('ansible.builtin.items', [1, 2], wantlist=true)", [1, 2]),
]


@pytest.mark.parametrize(("expression", "value"), CASES)
def test_gives(scope_of: Callable[..., Scope], expression: str, value: Any) -> None:
    assert scope_of("x: hello").template("{{ " + expression + " }}") == value


def test_programs_do_not_run_while_planning(store: VariableStore) -> None:
    scope = store.scope(None, "web1", context=PlayContext(run_programs=False))
    assert isinstance(scope.template("{{ lookup('pipe', 'touch /nope') }}"), Unknown)
    assert isinstance(scope.template("{{ query('lines', 'touch /nope') }}"), Unknown)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("lookup('pipe', 'exit 3')", "ended with status 3"),
        ("lookup('file', '/nope')", "no such file: `/nope`"),
        ("lookup('first_found', ['/nope'])", "no such file: `/nope`"),
        ("lookup('password', 'x')", "no lookup `password` in kplay"),
        ("lookup('vars', 'nope')", "`nope` is undefined"),
        ("query('sequence', 'strat=1')", "is not one of start"),
    ],
)
def test_refuses(scope_of: Callable[..., Scope], expression: str, message: str | None) -> None:
    with pytest.raises(TemplateError, match=message):
        scope_of().template("{{ " + expression + " }}")


def test_files_are_sought_beside_the_playbook(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("  text\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.j2").write_text("x={{ x }}\n")
    scope = scope_of("x: hello")
    assert scope.template("{{ lookup('file', 'a.txt') }}") == "  text"
    assert scope.template("{{ lookup('template', 'a.j2') }}") == "x=hello\n"
    assert scope.template("{{ query('fileglob', '*.txt') }}") == [str(tmp_path / "files/a.txt")]
    found = scope.template("{{ lookup('first_found', {'files': 'b.txt,a.txt', 'paths': []}) }}")
    assert found == str(tmp_path / "files/a.txt")


def test_names_can_be_asked_for() -> None:
    assert {"file", "ansible.builtin.file", "items"} <= lookup_names()


def node(text: str) -> Task:
    keywords = dict(load_text(text, "t.yml").root.items())
    args = load_text("{}", "t.yml").root
    return Task("debug", args, keywords, args.span)


LOOPS = [
    ("name: x", None),
    ("loop: [1, [2]]", [1, [2]]),
    ("loop: '{{ l }}'", [1, 2]),
    ("with_items: '{{ l }}'", [1, 2]),
    ("with_items: [[1, 2], 3]", [1, 2, 3]),
    ("with_items: one", ["one"]),
    ("with_list: [[1], 2]", [[1], 2]),
    ("with_dict: {a: 1}", [{"key": "a", "value": 1}]),
    ("with_nested: [[1, 2], [a]]", [[1, "a"], [2, "a"]]),
    ("with_sequence: start=1 end=2", ["1", "2"]),
    ("with_inventory_hostnames: all", ["web1", "web2.example.org"]),
    ("loop: ['{{ omit }}', 1]", [1]),
]


@pytest.mark.parametrize(("written", "items"), LOOPS)
def test_loops_give(scope_of: Callable[..., Scope], written: Any, items: Any) -> None:
    assert loops.items(node(written), scope_of("l: [1, 2]")) == items


@pytest.mark.parametrize("written", ["loop: '{{ u }}'", "with_items: ['{{ u }}']"])
def test_an_unknown_loop_is_unknown(
    scope_of: Callable[..., Scope], store: VariableStore, written: Any
) -> None:
    store.register("web1", "u", Unknown("step 1"))
    assert isinstance(loops.items(node(written), scope_of()), Unknown)


def test_unknown_items_of_a_known_number_are_a_list(
    scope_of: Callable[..., Scope], store: VariableStore
) -> None:
    store.register("web1", "u", Unknown("step 1"))
    items = loops.items(node("loop: ['{{ u }}', 1]"), scope_of())
    assert isinstance(items, list)
    assert len(items) == 2


def test_a_loop_takes_a_list(scope_of: Callable[..., Scope]) -> None:
    with pytest.raises(TemplateError) as caught:
        loops.items(node("loop: {a: 1}"), scope_of())
    assert caught.value.code == "loop-not-a-list"
    assert str(caught.value.diagnostic.span) == "t.yml:1:7"


def test_bindings_are_what_loop_control_asks_for() -> None:
    control = "loop_control: {loop_var: it, index_var: i, extended: true}"
    found = loops.bindings(node(control), ["a", "b"], 1)
    assert found["it"] == "b"
    assert found["i"] == 1
    assert found["ansible_loop"]["last"] is True
    assert found["ansible_loop"]["previtem"] == "a"
    assert "nextitem" not in found["ansible_loop"]
