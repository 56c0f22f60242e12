"""``kplay modules`` and ``kplay doctor`` on modules that are not kplay's."""

from __future__ import annotations

import json

import pytest

from kplay.cli.main import main

TOOL = '''
DOCUMENTATION = """
short_description: A tool
options:
  name: {required: true, aliases: [n]}
  state: {choices: [on, off], default: "on"}
"""
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}, supports_check_mode=True)
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "collections/ansible_collections/nice/kit/plugins"
    for path, text in (
        (inside / "modules/tool.py", TOOL),
        (inside / "modules/wrapped.py", TOOL),
        (inside / "action/wrapped.py", ""),
        (tmp_path / "library/own.sh", "#!/bin/sh\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_the_list_says_where_others_come_from(capsys):
    assert main(["modules"]) == 0
    said = capsys.readouterr().out
    assert "nice.kit                          2\n" in said
    assert "ansible-core 2." in said
    assert "\nforeign" not in said


def test_a_page_says_where_a_module_lies_and_how_it_is_planned(here, capsys):
    assert main(["modules", "nice.kit.tool"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "nice.kit.tool: A tool",
        f"lies at {here}/collections/ansible_collections/nice/kit/plugins/modules/tool.py",
        "planned through its check mode",
        "",
        "  name                 str; required; aliases n",
        "  state                str; default on; choices True, False",
    ]
    assert main(["modules", "own", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["planned"], data["args"], data["about"]) == ("as run", {}, "(not documented)")


@pytest.mark.usefixtures("here")
def test_the_modules_of_a_collection(capsys):
    assert main(["modules", "nice.kit"]) == 0
    assert capsys.readouterr().out == "tool\nwrapped\n"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nice.kit.wrapped", "half of it is an action plugin"),
        ("synchronize", "rsync opens a connection of its own"),
        ("nice.kit.tol", "did you mean `nice.kit.tool`?"),
        ("far.away", "no module named `far.away`"),
        ("far.away.tool", "ansible-galaxy collection install far.away"),
        ("commnd", "did you mean `command`?"),
    ],
)
def test_what_cannot_be_called(capsys, name, said):
    assert main(["modules", name]) == 5
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_doctor_says_what_is_installed(capsys):
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert any(one.startswith("ok      ansible-core") and " 2." in one for one in lines)
    assert any(one.endswith("collections/ansible_collections: nice.kit") for one in lines)
