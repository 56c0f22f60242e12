"""Roles: their parts, parameters, dependencies and repetitions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kplay.playbook.model import Playbook, gathered

ONE = {
    "roles/one/tasks/main.yml": "- debug: msg=one\n",
    "roles/one/tasks/other.yml": "- fail:\n",
    "roles/one/handlers/main.yml": "- name: restart\n  ping:\n",
    "roles/one/defaults/main.yml": "a: default\n",
    "roles/one/vars/main/1.yml": "b: 1\n",
    "roles/one/vars/main/2.yml": "b: 2\n",
}


def test_a_role_and_its_parts(loaded: Callable[..., Playbook]) -> None:
    play = loaded("- hosts: all\n  roles: [one]\n", ONE).plays[0]
    block = play.roles[0]
    role = block.role
    assert (block.kind, role.name, role.path) == ("role", "one", Path("roles/one"))
    assert role.defaults["a"].value == "default"
    assert role.variables["b"].value == 2
    assert [one.name for one in play.handlers] == ["restart"]
    assert play.handlers[0].role is role
    assert block.tasks[0].role is role
    assert str(role.defaults["a"].span) == "roles/one/defaults/main.yml:1:4"


def test_parameters_and_keywords_of_a_use(loaded: Callable[..., Playbook]) -> None:
    play = loaded(
        "- hosts: all\n  roles:\n    - role: one\n      tags: t\n      when: w\n"
        "      become: true\n      vars: {x: 1, y: 1}\n      y: 2\n",
        ONE,
    ).plays[0]
    block = play.roles[0]
    assert {key: one.value for key, one in block.role.parameters.items()} == {"y": 2}
    assert sorted(block.keywords) == ["become", "tags", "vars", "when"]
    assert [one.value for one in gathered(play, block.tasks[0], "when")] == ["w"]


def test_dependencies_come_first_and_inherit(
    loaded: Callable[..., Playbook], outline: Callable[..., list[Any]]
) -> None:
    play = loaded(
        "- hosts: all\n  roles: [{role: two, tags: t}]\n",
        {
            **ONE,
            "roles/two/meta/main.yml": "dependencies:\n  - {role: one, a: 5, when: x}\n",
            "roles/two/tasks/main.yml": "- debug: msg=two\n",
        },
    ).plays[0]
    assert outline(play.roles) == [("role two", [("role one", ["debug"]), "debug"])]
    inner = play.roles[0].tasks[0]
    assert inner.role.parents == (play.roles[0].role,)
    assert inner.role.parameters["a"].value == 5
    assert [one.value for one in gathered(play, inner.tasks[0], "tags")] == ["t"]
    assert [one.name for one in play.handlers] == ["restart"]


def test_a_role_runs_once_unless_its_use_differs(
    loaded: Callable[..., Playbook], outline: Callable[..., list[Any]]
) -> None:
    play = loaded(
        "- hosts: all\n  roles: [one, one, {role: one, x: 1}, {role: one, vars: {x: 1}}, two]\n",
        {**ONE, "roles/two/meta/main.yml": "dependencies: [one]\n"},
    ).plays[0]
    assert outline(play.roles) == [
        ("role one", ["debug"]),
        ("role one", []),
        ("role one", ["debug"]),
        ("role one", ["debug"]),
        ("role two", [("role one", [])]),
    ]
    assert len(play.handlers) == 3


def test_roles_that_allow_duplicates_run_again(loaded: Callable[..., Playbook]) -> None:
    files = {**ONE, "roles/one/meta/main.yml": "allow_duplicates: true\n"}
    play = loaded("- hosts: all\n  roles: [one, one]\n", files).plays[0]
    assert [len(block.tasks) for block in play.roles] == [1, 1]


def test_a_use_whose_twin_may_be_skipped_is_left_to_the_run(
    loaded: Callable[..., Playbook],
) -> None:
    play = loaded(
        "- hosts: all\n  roles: [{role: two, when: x}, one]\n",
        {**ONE, "roles/two/meta/main.yml": "dependencies: [one]\n"},
    ).plays[0]
    first = play.roles[0].tasks[0].role
    assert play.roles[1].tasks
    assert play.roles[1].role.identity == first.identity
    assert play.uses[first.identity] == 2


def test_imports_count_by_vars_and_files_and_run_again_unless_told(
    loaded: Callable[..., Playbook],
) -> None:
    play = loaded(
        "- hosts: all\n  roles: [one]\n  tasks:\n    - import_role: name=one\n"
        "    - import_role: {name: one, allow_duplicates: false}\n      when: w\n"
        "    - import_role: {name: one, tasks_from: other, allow_duplicates: false}\n",
        ONE,
    ).plays[0]
    used, again, same, other = (block.role for block in [*play.roles, *play.tasks])
    assert [one.allow_duplicates for one in (used, again, same, other)] == [
        False,
        True,
        False,
        False,
    ]
    assert again.identity == same.identity
    assert len({used.identity, same.identity, other.identity}) == 3


def test_import_role(loaded: Callable[..., Playbook], outline: Callable[..., list[Any]]) -> None:
    play = loaded(
        "- hosts: all\n  vars: {which: one}\n  tasks:\n    - import_role:\n"
        "        name: '{{ which }}'\n        tasks_from: other.yml\n      vars: {x: 1}\n"
        "      when: w\n",
        ONE,
    ).plays[0]
    assert outline(play.tasks) == [("role one", ["fail"])]
    assert play.tasks[0].keywords["vars"].value == {"x": 1}
    assert play.tasks[0].role.public
    assert [one.value for one in gathered(play, play.tasks[0].tasks[0], "when")] == ["w"]
    assert [one.name for one in play.handlers] == ["restart"]


def test_where_roles_are_sought(loaded: Callable[..., Playbook], tmp_path: Path) -> None:
    files = {"more/three/tasks/main.yml": "- ping:\n", "four/tasks/main.yml": "- ping:\n"}
    text = f"- hosts: all\n  roles: [three, four, {tmp_path}/four]\n"
    play = loaded(text, files, roles_path=[Path("more")]).plays[0]
    assert [block.role.path for block in play.roles] == [
        Path("more/three"),
        Path("four"),
        tmp_path / "four",
    ]


def test_task_files_of_a_role_are_sought_in_it_first(loaded: Callable[..., Playbook]) -> None:
    files = {
        "roles/five/tasks/main.yml": "- import_tasks: sub/x.yml\n",
        "roles/five/tasks/sub/x.yml": "- import_tasks: y.yml\n- import_tasks: z.yml\n",
        "roles/five/tasks/sub/y.yml": "- debug: msg=near\n",
        "roles/five/tasks/y.yml": "- debug: msg=far\n",
        "roles/five/tasks/z.yml": "- debug: msg=role\n",
        "z.yml": "- debug: msg=playbook\n",
    }
    block = loaded("- hosts: all\n  roles: [five]\n", files).plays[0].roles[0]
    near, role = block.tasks[0].tasks
    assert near.tasks[0].args.value["msg"] == "near"
    assert role.tasks[0].args.value["msg"] == "role"


def test_what_is_refused(codes: Callable[..., list[str]]) -> None:
    def of(roles: str, files: dict[str, str] | None = None) -> list[str]:
        return codes(f"- hosts: all\n  roles: [{roles}]\n", {**ONE, **(files or {})})

    assert of("nine") == ["unknown-role"]
    assert of("5") == ["bad-value"]
    assert of("{tags: x}") == ["missing-argument"]
    assert of("{role: one, become: perhaps}") == ["bad-value"]
    assert of("one", {"roles/one/meta/main.yml": "- a\n"}) == ["bad-value"]
    assert of("one", {"roles/one/meta/main.yml": "dependencies: x\n"}) == ["bad-value"]
    assert of("one", {"roles/one/meta/main.yml": "dependencies: [one]\n"}) == ["role-cycle"]
    sound = {"roles/one/meta/main.yml": "allow_duplicates: true\n"}
    broken = {**sound, "roles/one/defaults/main.yml": "- a\n"}
    assert of("one", broken) == ["bad-value"]
    assert of("'{{ ansible_distribution }}'") == ["late-name"]
    assert of("''") == ["late-name"]
