from __future__ import annotations

import subprocess
import sys

import pytest

from kplay.modules import catalog


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("file", "file"),
        ("ansible.builtin.file", "file"),
        ("ansible.legacy.copy", "copy"),
        ("ansible.posix.sysctl", "sysctl"),
        ("community.general.modprobe", "modprobe"),
    ],
)
def test_every_name_of_a_module(name: str, short: str) -> None:
    module = catalog.find(name)
    assert module is not None
    assert module.name == short


@pytest.mark.parametrize(
    "name", ["none", "api", "schema", "ownership", "no.such.file", "../file", ""]
)
def test_what_is_no_module(name: str) -> None:
    assert catalog.find(name) is None


def test_names_are_modules_only() -> None:
    names = catalog.names()
    assert {"file", "copy", "stat", "lineinfile", "user"} <= set(names)
    assert not {"api", "schema", "catalog", "ownership", "textfile"} & set(names)
    assert list(names) == sorted(names)


@pytest.mark.parametrize(
    ("wrong", "right"), [("fil", "file"), ("ansible.builtin.lineinfle", "lineinfile")]
)
def test_suggestions(wrong: str, right: str) -> None:
    assert catalog.suggest(wrong)[0] == right


def test_naming_imports_nothing() -> None:
    code = (
        "import sys; from kplay.modules import catalog; catalog.names(); "
        "assert 'kplay.modules.file' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
