"""Filters, tests and lookups in Python files of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.playbook.templates import nearest
from kplay.resolve import lookups, plugins
from kplay.resolve.faults import TemplateError
from kplay.resolve.filters import FILTERS
from kplay.resolve.jinja_tests import TESTS
from kplay.resolve.magic import PlayContext
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kplay.resolve.scope import Scope
    from kplay.resolve.variables import VariableStore

FILTER = """
def twice(value):
    return value * 2

def fails(value):
    return {}[value]

class FilterModule:
    def filters(self):
        return {"twice": twice, "fails": fails, "upper": lambda value: "mine"}
"""
LOOKUP = """
from ansible.plugins.lookup import LookupBase

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        path = self.find_file_in_search_path(variables, "files", terms[0])
        with open(path) as file:
            text = file.read()
        return [text, self._templar.template("{{ x }}"), variables["x"]]
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    plugins.forget()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_filters_beside_the_playbook(scope_of: Callable[..., Scope], tmp_path: Path) -> None:
    path = written(tmp_path, "filter_plugins/mine.py", FILTER)
    plugins.Plugins().add(tmp_path)
    scope = scope_of(u=Unknown("step 1"))
    assert scope.template("{{ [2, 'a' | upper] | map('twice') }}") == [4, "minemine"]
    assert scope.template("{{ u | twice }}").causes == ("step 1",)
    with pytest.raises(TemplateError, match="the filter `fails` failed: no key 'x'") as caught:
        scope.template("{{ 'x' | fails }}")
    assert caught.value.diagnostic.notes == (f"at {path}:6:1",)
    assert not (tmp_path / "filter_plugins" / "__pycache__").exists()


def test_the_next_run_knows_nothing_of_them(tmp_path: Path) -> None:
    written(tmp_path, "filter_plugins/mine.py", FILTER)
    own = FILTERS["upper"]
    plugins.Plugins().add(tmp_path)
    assert "twice" in FILTERS
    assert FILTERS["upper"] is not own
    plugins.Plugins()
    assert "twice" not in FILTERS
    assert FILTERS["upper"] is own


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\nimport nowhere_at_all\n", 2, "no module named 'nowhere_at_all'"),
        ("def f(:\n", 1, "invalid syntax"),
        ("class FilterModule:\n    def filters(self):\n        return 1 / 0\n", 3, "division by"),
    ],
)
def test_one_that_cannot_be_imported_is_named_where_a_filter_is_not_found(
    scope_of: Callable[..., Scope], tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = written(tmp_path, "filter_plugins/broken.py", text)
    plugins.Plugins().add(tmp_path)
    assert scope_of().template("{{ 'a' | upper }}") == "A"
    (help_line,) = nearest("quite_unlike", FILTERS)
    assert help_line.startswith(f"{path}:{line}:1: the plugin cannot be imported: ")
    assert message in help_line
    plugins.forget()
    assert nearest("quite_unlike", FILTERS) == ()


def test_a_package_that_is_missing_is_named(scope_of: Callable[..., Scope], tmp_path: Path) -> None:
    written(tmp_path, "test_plugins/broken.py", "import nowhere.at.all\n")
    written(tmp_path, "lookup_plugins/gone.py", "import nowhere.at.all\n")
    plugins.Plugins().add(tmp_path)
    wanted = "install the Python package `nowhere` beside kplay"
    assert nearest("quite_unlike", TESTS)[0].endswith(f"; {wanted}")
    assert "gone" in lookups.LookupNames()
    with pytest.raises(TemplateError, match="no module named 'nowhere'") as caught:
        scope_of().template("{{ lookup('gone', 1) }}")
    assert caught.value.diagnostic.help == (wanted,)


def test_collections_are_read_when_a_name_asks_for_them(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    base = tmp_path / "ansible_collections" / "a" / "b" / "plugins"
    written(base, "filter/any.py", FILTER)
    written(base, "test/dark.py", "class TestModule:\n    def tests(self):\n"
            "        return {'dark': lambda value: value == 'black'}\n")  # fmt: skip
    plugins.Plugins([tmp_path])
    assert not dict.__contains__(FILTERS, "a.b.twice")
    scope = scope_of()
    assert scope.template("{{ 2 | a.b.twice }}") == 4
    assert scope.template("{{ 'black' is a.b.dark }}") is True
    assert "a.b.nothing" not in FILTERS
    assert "a.c.twice" not in FILTERS
    assert "a.b.dark" in TESTS


def test_short_names_that_left_ansible_core_are_found_in_their_collection(
    scope_of: Callable[..., Scope], tmp_path: Path
) -> None:
    base = tmp_path / "ansible_collections" / "community" / "general" / "plugins"
    text = FILTER.replace('"twice"', '"random_mac"')
    written(base, "filter/random_mac.py", text)
    plugins.Plugins([tmp_path])
    assert scope_of().template("{{ 2 | random_mac }}") == 4
    assert "twice" not in FILTERS


def test_lookups_find_files_and_render(
    scope_of: Callable[..., Scope], store: VariableStore, tmp_path: Path
) -> None:
    written(tmp_path, "lookup_plugins/read.py", LOOKUP)
    written(tmp_path, "files/a.txt", "text")
    plugins.Plugins().add(tmp_path)
    assert "read" in lookups.LookupNames()
    scope = scope_of("x: '{{ 1 + 1 }}'")
    assert scope.template("{{ query('read', 'a.txt') }}") == ["text", 2, 2]
    with pytest.raises(TemplateError, match="the lookup `read` failed: expected str"):
        scope.template("{{ query('read', 'nope.txt') }}")
    assert scope.template("{{ query('read', 'nope.txt', errors='ignore') }}") == []
    planning = store.scope(None, "web1", context=PlayContext(run_programs=False))
    assert isinstance(planning.template("{{ lookup('read', 'a.txt') }}"), Unknown)


def test_help_names_the_collection_that_is_missing() -> None:
    assert "no collection `a.b`" in nearest("a.b.c", FILTERS)[0]
    assert nearest("defautl", FILTERS) == ("did you mean `default`?",)
