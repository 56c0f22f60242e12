from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.foreign import missing
from kplay.foreign.find import Places, in_library, installed, module_names
from kplay.foreign.missing import advice, collections
from kplay.playbook import modules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]


@pytest.fixture
def places(home: Path) -> Places:
    return Places(collections_path=(home,))


@pytest.mark.parametrize(
    ("name", "full", "package"),
    [
        ("nice.kit.tool", "nice.kit.tool", "ansible_collections.nice.kit.plugins.modules.tool"),
        ("nice.kit.old", "nice.kit.tool", "ansible_collections.nice.kit.plugins.modules.tool"),
        ("nice.kit.away", "nice.other.thing",
         "ansible_collections.nice.other.plugins.modules.thing"),
        ("nice.kit.sub.deep", "nice.kit.sub.deep",
         "ansible_collections.nice.kit.plugins.modules.sub.deep"),
        ("ansible.builtin.git", "ansible.builtin.git", "ansible.modules.git"),
        ("ansible.legacy.git", "ansible.builtin.git", "ansible.modules.git"),
        ("git", "ansible.builtin.git", "ansible.modules.git"),
    ],
)  # fmt: skip
def test_an_installed_module_is_found(places: Places, name: str, full: str, package: str) -> None:
    found = installed(name, places)
    assert found is not None
    assert (found.name, found.full, found.package, found.refused) == (name, full, package, "")
    assert found.path.is_file()


@pytest.mark.parametrize("name", ["nice.kit.none", "nice.none.tool", "no_such", "nice.kit.circle"])
def test_what_is_nowhere_is_not_found(places: Places, name: str) -> None:
    assert installed(name, places) is None


def test_the_keyword_collections_finds_short_names(places: Places) -> None:
    assert installed("tool", places) is None
    within = installed("tool", places._replace(collections=("nice.none", "nice.kit")))
    assert within is not None
    assert within.full == "nice.kit.tool"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nice.kit.wrapped", "half of it is an action plugin, which runs inside ansible itself"),
        ("nice.kit.paper", "all of it runs inside ansible itself"),
        ("nice.kit.gone",
         "it was removed from nice.kit in 2.0.0: Use nice.kit.tool instead"),
        ("validate_argument_spec", "all of it runs inside ansible itself"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_run_alone_says_why(places: Places, name: str, reason: str) -> None:
    found = installed(name, places)
    assert found is not None
    assert found.refused == reason


def test_a_library_goes_first_and_the_role_s_before_the_playbook_s(write: Write) -> None:
    role = write("role/library/tool.py", "import ansible.module_utils.basic\n")
    write("library/tool.py", "import ansible.module_utils.basic\n")
    other = write("library/inner/git.py", "import ansible.module_utils.basic\n")
    places = Places((role.parent, other.parents[1]), (role.parents[1] / "module_utils",))
    found = in_library("tool", places)
    assert found is not None
    assert (found.path, found.full, found.utilities) == (role, "tool", places.utilities)
    git = in_library("ansible.legacy.git", places)
    assert git is not None
    assert (git.path, git.package) == (other, "ansible.modules.git")
    assert in_library("ansible.builtin.git", places) is None
    assert in_library("none", places) is None


@pytest.mark.parametrize(
    ("file", "text", "kind", "refused"),
    [
        ("a.py", "from ansible.module_utils.basic import *\n", "python", False),
        (
            "a.py",
            "try:\n    from ansible.module_utils import basic\nexcept E: pass",
            "python",
            False,
        ),
        ("a.py", "#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n", "python", False),
        ("a.py", "import sys\nprint(open(sys.argv[1]).read())\n", "words", False),
        ("a.sh", "#!/bin/sh\necho {}\n", "words", False),
        ("a", "#!/bin/sh\n# WANT_JSON\necho {}\n", "json", False),
        ("a", "\x7fELF\x00\x01", "json", False),
        ("a.rb", "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", "json", True),
    ],
)
def test_how_it_takes_its_arguments(
    write: Write, file: str, text: str, kind: str, *, refused: bool
) -> None:
    found = in_library("a", Places((write(f"library/{file}", text).parent,)))
    assert found is not None
    assert (found.kind, bool(found.refused)) == (kind, refused)


@pytest.mark.parametrize("file", ["README.md", "a.yml", ".hidden", "a.ps1", "old.pyc", "a.py~"])
def test_what_lies_in_a_library_and_is_no_module(write: Write, file: str) -> None:
    folder = write(f"library/{file}", "x").parent
    assert in_library(file.partition(".")[0] or file, Places((folder,))) is None


def test_what_there_is(places: Places) -> None:
    assert module_names("nice.kit", places) == ["paper", "tool", "wrapped"]
    assert "git" in module_names("ansible.builtin", places)
    assert {"nice.kit", "nice.other"} <= set(collections(places))


@pytest.mark.parametrize(
    ("name", "notes", "hints"),
    [
        ("nice.kit.tol", (), ("did you mean `nice.kit.tool`?",)),
        ("nicer.kit.tool",
         ("no collection `nicer.kit` is installed on this controller",),
         ("did you mean `nice.kit.tool`?",)),
        ("far.away.tool",
         ("the collection `far.away` is not installed on this controller",),
         ("ansible-galaxy collection install far.away",)),
        ("zfs",
         ("it is `community.general.zfs`, and its collection is not installed on this controller",),
         ("ansible-galaxy collection install community.general",)),
        ("no_such", (), ()),
    ],
)  # fmt: skip
def test_what_would_make_a_name_known(
    places: Places, name: str, notes: tuple[str, ...], hints: tuple[str, ...]
) -> None:
    assert advice(name, places) == (notes, hints)


@pytest.mark.usefixtures("no_core")
def test_without_ansible_core_it_is_what_to_install(places: Places) -> None:
    note = "it is a module of ansible-core, which is not installed on this controller"
    for name in ("expect", "ansible.builtin.expect"):
        assert installed(name, places) is None
        assert advice(name, places) == ((note,), ("pip install 'kplay[ansible]'",))
    assert advice("no_such", places) == ((), ())
    helped = advice("far.away.tool", places).help
    assert helped == (
        "ansible-galaxy collection install far.away, and pip install 'kplay[ansible]'",
    )


def test_those_known_without_it_are_those_that_kplay_has_none_of_its_own_for() -> None:
    runnable = {
        name
        for name in module_names("ansible.builtin", Places())
        if modules.find(name) is None
        and (found := installed(name, Places())) is not None
        and not found.refused
    }
    assert runnable - {"async_wrapper"} == missing._CORE_NAMES
