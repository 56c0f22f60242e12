from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from kplay.playbook.model import Task
from kplay.resolve import lookup_settings, loops
from kplay.resolve.faults import TemplateError
from kplay.resolve.lookups import lookup_names
from kplay.resolve.magic import PlayContext
from kplay.resolve.unknown import Unknown
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
        ("lookup('nothing', 'x')", "no lookup named `nothing`"),
        ("lookup('csvfile', 'x bad=1')", "`bad` is not one of file, delimiter"),
        ("lookup('ini', 'x', file='/nope.ini')", "no such file: `/nope.ini`"),
        ("lookup('config', 'DEFAULT_FORK')", "did you mean `DEFAULT_FORKS`"),
        ("lookup('config', 'x', plugin_type='shell')", "has no plugins"),
        ("lookup('url', 'http://127.0.0.1:1/')", "http://127.0.0.1:1/ cannot be reached"),
        ("lookup('url', 'http://127.0.0.1:1/', use_gssapi=true)", "`use_gssapi` is not supported"),
        ("lookup('password', '/dev/null', encrypt='rot13')", "encrypt `rot13` is not one of"),
        ("lookup('vars', 'nope')", "`nope` is undefined"),
        ("query('sequence', 'strat=1')", "is not one of start"),
    ],
)
def test_refuses(scope_of: Callable[..., Scope], expression: str, message: str | None) -> None:
    with pytest.raises(TemplateError, match=message):
        scope_of().template("{{ " + expression + " }}")


def test_passwords_are_made_once_and_kept(
    scope_of: Callable[..., Scope], store: VariableStore, tmp_path: Path
) -> None:
    planning = store.scope(None, "web1", context=PlayContext(run_programs=False))
    written = "{{ lookup('password', 'secrets/web length=12 chars=digits') }}"
    assert isinstance(planning.template(written), Unknown)
    assert not (tmp_path / "secrets").exists()
    made = scope_of().template(written)
    assert len(made) == 12
    assert made.isdigit()
    path = tmp_path / "secrets" / "web"
    assert path.read_text() == f"{made}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert planning.template(written) == scope_of().template(written) == made


def test_a_hashed_password_keeps_its_salt(scope_of: Callable[..., Scope], tmp_path: Path) -> None:
    written = "{{ lookup('password', 'p', encrypt='md5_crypt') }}"
    first = scope_of().template(written)
    assert first.startswith("$1$")
    assert scope_of().template(written) == first
    assert f" salt={first.split('$')[2]}" in (tmp_path / "p").read_text()


def test_url_asks_as_it_is_told(scope_of: Callable[..., Scope], store: VariableStore) -> None:
    with served() as (address, seen):
        scope = scope_of(base=address)
        assert scope.template("{{ query('url', base ~ '/two') }}") == ["one", "two"]
        whole = "{{ lookup('url', base ~ '/two', split_lines=false, headers={'X-A': 'b'}) }}"
        assert scope.template(whole) == "one\ntwo\n"
        assert seen[-1]["X-A"] == "b"
        assert seen[-1]["User-Agent"] == "ansible-httpget"
        auth = "{{ lookup('url', base, username='u', password='p', force_basic_auth=true) }}"
        scope.template(auth)
        assert seen[-1]["Authorization"] == "Basic dTpw"
        assert scope.template("{{ lookup('url', base ~ '/moved') }}") == "one,two"
        with pytest.raises(TemplateError, match="answered 302"):
            scope.template("{{ lookup('url', base ~ '/moved', follow_redirects='none') }}")
        with pytest.raises(TemplateError, match="answered 404"):
            scope.template("{{ lookup('url', base ~ '/none') }}")
        planning = store.scope(
            None, "web1", extra={"base": address}, context=PlayContext(run_programs=False)
        )
        assert isinstance(planning.template("{{ lookup('url', base) }}"), Unknown)


@contextmanager
def served() -> Iterator[tuple[str, list[Any]]]:
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response({"/moved": 302, "/none": 404}.get(self.path, 200))
            if self.path == "/moved":
                self.send_header("Location", "/two")
            self.end_headers()
            self.wfile.write(b"one\ntwo\n")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_settings_are_those_of_ansible_cfg(
    scope_of: Callable[..., Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup_settings._read.cache_clear()
    monkeypatch.setenv("ANSIBLE_FORKS", "7")
    found = scope_of().template("{{ query('config', 'DEFAULT_FORKS', show_origin=true) }}")
    assert found == [[7, "ANSIBLE_FORKS"]]
    lookup_settings._read.cache_clear()


def test_variables_are_merged(scope_of: Callable[..., Scope], store: VariableStore) -> None:
    scope = scope_of("one__l: {a: [1], b: 1}\ntwo__l: {a: [2], c: 2}\n")
    merge = "lookup('community.general.merge_variables', '__l$'"
    assert scope.template("{{ " + merge + ") }}") == {"a": [1, 2], "b": 1, "c": 2}
    scope = scope_of("one__l: {b: 1}\ntwo__l: {b: 2}\n")
    with pytest.raises(TemplateError, match="would override the key `b`"):
        scope.template("{{ " + merge + ") }}")
    assert scope.template("{{ " + merge + ", override='ignore') }}") == {"b": 2}
    store.register("web1", "three__l", Unknown("step 1"))
    assert isinstance(scope_of("one__l: {}\n").template("{{ " + merge + ") }}"), Unknown)


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
