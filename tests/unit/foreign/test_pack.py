from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kplay.foreign.find import Foreign, Places, in_library, installed
from kplay.foreign.pack import facts_in, pack, says_check_mode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]


def paths(module: Foreign | None) -> dict[str, str]:
    """What travels: path on the host to text."""
    assert module is not None
    packed = pack(module)
    listed = json.loads(packed.sources[packed.listed])
    return {path: packed.sources[name] for path, name in listed.items()}


def test_a_module_travels_with_all_that_it_imports(home: Path) -> None:
    found = paths(installed("nice.kit.tool", Places(collections_path=(home,))))
    inside = "ansible_collections/nice/kit/plugins"
    assert {one for one in found if one.startswith("ansible_collections/")} == {
        f"{inside}/modules/tool.py",
        f"{inside}/module_utils/inner.py",
        f"{inside}/module_utils/deeper/__init__.py",
    }
    assert "ansible/module_utils/basic.py" in found
    assert "ansible/module_utils/__init__.py" in found
    assert found["ansible/__init__.py"].startswith("__version__ = '2.")
    assert not [path for path in found if path.startswith(("ansible/plugins", "ansible/modules"))]


def test_utilities_beside_the_playbook_go_before_ansible_s_own(write: Write) -> None:
    library = write("library/own.py", "from ansible.module_utils.urls import word\n").parent
    write("module_utils/urls.py", "word = 1\n")
    utilities = (library.parent / "module_utils",)
    found = paths(in_library("own", Places((library,), utilities)))
    assert found["ansible/module_utils/urls.py"] == "word = 1\n"


def test_a_utility_that_moved_is_a_word_of_where_it_is(home: Path, write: Write) -> None:
    text = "import ansible_collections.nice.kit.plugins.module_utils.moved\n"
    library = write("library/own.py", f"import ansible.module_utils.basic\n{text}").parent
    found = paths(in_library("own", Places((library,), collections_path=(home,))))
    inside = "ansible_collections/nice/kit/plugins/module_utils"
    assert "plugins.module_utils.inner as there" in found[f"{inside}/moved.py"]
    assert f"{inside}/deeper/__init__.py" in found


def test_what_two_modules_share_has_one_name() -> None:
    git = installed("git", Places())
    cron = installed("cron", Places())
    assert git is not None
    assert cron is not None
    shared = pack(git).sources.keys() & pack(cron).sources.keys()
    assert len(shared) > len(pack(cron).sources) - 5


def test_an_edited_module_is_packed_anew(write: Write) -> None:
    import os

    path = write("library/own.py", "import ansible.module_utils.basic\n")
    first = paths(in_library("own", Places((path.parent,))))
    write("library/own.py", "import ansible.module_utils.basic\nnew = 1\n")
    os.utime(path, (1, 1))
    assert paths(in_library("own", Places((path.parent,)))) != first


def test_what_is_no_python_is_said(write: Write) -> None:
    path = write("library/own.py", "import ansible.module_utils.basic\nif:\n")
    with pytest.raises(SyntaxError):
        paths(in_library("own", Places((path.parent,))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AnsibleModule(argument_spec={}, supports_check_mode=True)", True),
        ("M(supports_check_mode=False)\nN(supports_check_mode=True)", True),
        ("spec = {'supports_check_mode': True}", True),
        ("spec = dict(supports_check_mode=True)", True),
        ("DOC = '''\nattributes:\n  check_mode:\n    support: full\n'''", True),
        ("DOC = '''\nattributes:\n  check_mode:\n    support: none\n'''", False),
        ("AnsibleModule(argument_spec={}, supports_check_mode=False)", False),
        ("AnsibleModule(argument_spec={})", False),
        ("AnsibleModule(supports_check_mode=maybe)", False),
        ("# supports_check_mode=True", False),
    ],
)
def test_whether_it_says_that_it_has_a_check_mode(text: str, *, expected: bool) -> None:
    assert says_check_mode(text) is expected


def test_the_facts_that_are_written_in_it() -> None:
    text = (
        "m.exit_json(ansible_facts=dict(a=1, b=2))\n"
        "m.exit_json(**{'ansible_facts': {'c': 1, name: 2}})\n"
        "m.exit_json(ansible_facts=facts)\n"
    )
    assert facts_in(text) == ("a", "b", "c")
    assert facts_in("m.exit_json()") == ()
