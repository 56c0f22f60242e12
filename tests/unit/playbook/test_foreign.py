"""What loading says of modules that are not kplay's."""

from __future__ import annotations

import pytest

from kplay.errors import InputError
from kplay.playbook.load import Loader
from kplay.playbook.model import Task

PYTHON = "import ansible.module_utils.basic\n"
KIT = "collections/ansible_collections/nice/kit/plugins"


def tasks(playbook):
    return [one for play in playbook.plays for one in play.tasks if isinstance(one, Task)]


def fault(loaded, task, files=None):
    with pytest.raises(InputError) as caught:
        loaded(f"- {{hosts: all, tasks: [{{{task}}}]}}\n", files)
    assert len(caught.value.diagnostics) == 1
    return caught.value.diagnostics[0]


def test_a_task_knows_its_module(loaded):
    files = {"library/own.py": PYTHON, f"{KIT}/modules/tool.py": PYTHON, "library/w": "#!/bin/sh\n"}
    found = tasks(
        loaded(
            """
            - hosts: all
              tasks:
                - own: {a: "1"}
                - nice.kit.tool: a=1 b="2 3"
                - w: a=1
                - subversion: {repo: r, dest: d}
            """,
            files,
        )
    )
    assert [one.module for one in found] == ["foreign", "foreign", "foreign_program", "foreign"]
    assert [one.called for one in found] == [
        "own", "nice.kit.tool", "w", "ansible.builtin.subversion",
    ]  # fmt: skip
    assert [one.name for one in found] == ["own", "nice.kit.tool", "w", "subversion"]
    assert found[1].args.value == {"a": "1", "b": "2 3"}


def test_kplay_s_own_go_before_those_of_collections_but_not_of_a_library(loaded):
    files = {"library/stat.py": PYTHON, "library/copy.py": PYTHON, "library/debug.py": PYTHON}
    play = """
- hosts: all
  tasks:
    - stat: {path: x}
    - ansible.builtin.stat: {path: x}
    - copy: {content: x, dest: y}
    - debug:
"""
    assert [one.module for one in tasks(loaded(play))] == ["stat", "stat", "copy", "debug"]
    assert [one.module for one in tasks(loaded(play, files))] == [
        "foreign", "stat", "copy", "debug",
    ]  # fmt: skip


def test_a_role_s_library_is_the_whole_run_s_once_it_was_read(loaded):
    files = {
        "roles/first/library/own.py": PYTHON,
        "roles/first/tasks/main.yml": "- own: \n",
        "roles/second/tasks/main.yml": "- own: \n",
    }
    playbook = loaded("- hosts: all\n  roles: [first, second]\n  tasks: [own: ]\n", files)
    paths = {one.foreign.path for one in tasks(playbook)}
    paths |= {one.foreign.path for block in playbook.plays[0].roles for one in block.tasks}
    assert [path.parts[-4:] for path in paths] == [("roles", "first", "library", "own.py")]


def test_the_libraries_of_ansible_cfg_come_last(folder):
    root = folder({"far/own.py": PYTHON, "far/other.py": PYTHON, "library/own.py": PYTHON})
    path = root / "site.yml"
    path.write_text("- hosts: all\n  tasks: [own: , other: ]\n")
    loader = Loader(libraries=[root / "far"], utilities=[root / "far/utils"])
    playbook = loader.playbook([path])
    assert [one.foreign.path.parent.name for one in tasks(playbook)] == ["library", "far"]
    assert tasks(playbook)[0].foreign.utilities[-1] == root / "far/utils"


@pytest.mark.parametrize(
    ("task", "message", "notes", "hints"),
    [
        ("nice.kit.tol: ", "no module named `nice.kit.tol`", (),
         ("did you mean `nice.kit.tool`?",)),
        ("far.away.tool: ", "no module named `far.away.tool`",
         ("the collection `far.away` is not installed on this controller",),
         ("ansible-galaxy collection install far.away",)),
        ("action: far.away.tool x=1", "no module named `far.away.tool`",
         ("the collection `far.away` is not installed on this controller",),
         ("ansible-galaxy collection install far.away",)),
        ("nice.kit.wrapped: ", "`nice.kit.wrapped` is not supported",
         ("half of it is an action plugin, which runs inside ansible itself",), ()),
        ("foreign: {name: x}", "no module named `foreign`", (), ()),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_called(loaded, task, message, notes, hints):
    files = {
        f"{KIT}/modules/tool.py": PYTHON,
        f"{KIT}/modules/wrapped.py": PYTHON,
        f"{KIT}/action/wrapped.py": "",
    }
    found = fault(loaded, task, files)
    assert (found.message, found.notes) == (message, notes)
    assert found.help[: len(hints)] == hints
    assert (found.span.line, found.span.file) == (1, str(found.span.file))


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("assemble: {src: d, dest: f, remote_src: false}",
         "`assemble` wants `remote_src: true`, and it is `false`"),
        ("ansible.posix.patch: {src: p}",
         "`ansible.posix.patch` wants `remote_src: true`, and it is left out"),
        ("kubernetes.core.own: {template: t.j2}",
         "`template` of `kubernetes.core.own` is not supported"),
    ],
)  # fmt: skip
def test_arguments_that_only_the_half_inside_ansible_serves(loaded, task, message):
    files = {}
    for collection, name in (("ansible/posix", "patch"), ("kubernetes/core", "own")):
        inside = f"collections/ansible_collections/{collection}/plugins"
        files |= {f"{inside}/modules/{name}.py": PYTHON, f"{inside}/action/{name}.py": ""}
    found = fault(loaded, task, files)
    assert (found.code, found.message) == ("unsupported-argument", message)


def test_assemble_of_files_on_the_host_loads(loaded):
    found = tasks(loaded("- hosts: all\n  tasks: [assemble: {src: d, dest: f}]\n"))
    assert found[0].called == "ansible.builtin.assemble"
