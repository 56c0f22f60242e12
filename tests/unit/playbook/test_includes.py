"""Includes that are expanded while a run goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kplay.errors import InputError
from kplay.playbook.load import Loader
from kplay.playbook.model import gathered

FILES = {
    "site.yml": "- hosts: all\n  tasks:\n    - include_tasks:\n        file: more.yml\n"
    "        apply: {become: true, tags: applied}\n      vars: {v: 1}\n      when: w\n"
    "      tags: own\n    - include_role:\n        name: one\n      vars: {p: 2}\n",
    "more.yml": "- debug: msg=x\n- import_tasks: rest.yml\n",
    "rest.yml": "- ping:\n",
    "roles/one/tasks/main.yml": "- include_tasks: extra.yml\n",
    "roles/one/tasks/extra.yml": "- fail:\n",
    "roles/one/tasks/bad.yml": "- nothing:\n",
    "roles/one/handlers/main.yml": "- name: restart\n  ping:\n",
    "roles/one/files/motd": "hello\n",
    "files/issue": "hello\n",
}


@pytest.fixture
def loader(folder: Callable[[dict[str, str]], Path]) -> tuple[Loader, Any]:
    folder(FILES)
    loader = Loader()
    return loader, loader.playbook([Path("site.yml")]).plays[0]


def test_tasks_carry_what_is_applied_and_no_condition_of_the_include(
    loader: tuple[Loader, Any], outline: Callable[..., list[Any]]
) -> None:
    load, play = loader
    block = load.expand(play.tasks[0], play, "more.yml")
    assert outline([block]) == [("import", ["debug", ("import", ["ping"])])]
    task = block.tasks[0]
    assert [one.value for one in gathered(play, task, "tags")] == ["applied"]
    assert gathered(play, task, "when") == []
    assert [one.value for one in gathered(play, task, "vars")] == [{"v": 1}]


def test_a_role_and_the_includes_in_it(
    loader: tuple[Loader, Any], outline: Callable[..., list[Any]]
) -> None:
    load, play = loader
    block = load.expand(play.tasks[1], play, "one")
    assert block.role.parameters["p"].value == 2
    assert not block.role.public
    assert [one.name for one in block.handlers] == ["restart"]
    assert play.handlers == []
    inner = load.expand(block.tasks[0], play, "extra.yml")
    assert outline([inner]) == [("import", ["fail"])]
    assert inner.tasks[0].role is block.role


def test_handlers_of_all_roles_in_an_include(
    loader: tuple[Loader, Any], folder: Callable[[dict[str, str]], Path]
) -> None:
    load, play = loader
    folder(
        {
            "roles/two/meta/main.yml": "dependencies: [one]\n",
            "roles/two/handlers/main.yml": "- name: reload\n  ping:\n",
            "with_roles.yml": "- import_role: {name: two}\n",
        }
    )
    role = load.expand(play.tasks[1], play, "two")
    assert [one.name for one in role.handlers] == ["restart", "reload"]
    tasks = load.expand(play.tasks[0], play, "with_roles.yml")
    assert [one.name for one in tasks.handlers] == ["restart", "reload"]


def test_other_parts_of_a_role(loader: tuple[Loader, Any]) -> None:
    load, play = loader
    block = load.load_role(
        "one", play.tasks[1], play, arguments={"tasks_from": "extra", "public": True}
    )
    assert block.tasks[0].module == "fail"
    assert block.role.public


@pytest.mark.parametrize(
    ("index", "target", "code"), [(0, "gone.yml", "missing-file"), (1, "gone", "unknown-role")]
)
def test_what_is_not_there(loader: tuple[Loader, Any], index: int, target: str, code: str) -> None:
    load, play = loader
    with pytest.raises(InputError) as caught:
        load.expand(play.tasks[index], play, target)
    assert [one.code for one in caught.value.diagnostics] == [code]
    assert caught.value.diagnostics[0].span.file == "site.yml"


def test_faults_in_what_is_included(loader: tuple[Loader, Any]) -> None:
    load, play = loader
    with pytest.raises(InputError, match="no module named `nothing`"):
        load.load_tasks(Path("roles/one/tasks/bad.yml"), None, None, play=play)


def test_where_files_are_sought(loader: tuple[Loader, Any]) -> None:
    load, play = loader
    role = load.expand(play.tasks[1], play, "one").role
    assert load.find_file("files", "motd", role, play) == Path("roles/one/files/motd")
    assert load.find_file("files", "issue", role, play) == Path("files/issue")
    assert load.find_file("templates", "motd", None, play) is None
    assert load.search_paths("files", "motd", None, play) == [Path("files/motd"), Path("motd")]
    assert load.find_file("files", "/dev/null", role, play) == Path("/dev/null")


def test_files_of_variables(loader: tuple[Loader, Any], tmp_path: Path) -> None:
    load, _ = loader
    (tmp_path / "v.yml").write_text("a: 1\n", encoding="utf-8")
    assert load.load_variables(Path("v.yml"))["a"].value == 1
    with pytest.raises(InputError, match="cannot read"):
        load.load_variables(Path("gone.yml"))
