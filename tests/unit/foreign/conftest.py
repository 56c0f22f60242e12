from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.foreign import core, find, groups, missing, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODULE = """
from ansible.module_utils.basic import AnsibleModule
from ..module_utils.inner import word

def main():
    AnsibleModule(argument_spec={}, supports_check_mode=True).exit_json()
"""
RUNTIME = """
action_groups:
  ours: [tool, metadata: {extend_group: [nice.other.theirs]}]
  wide: [{metadata: {extend_group: [nice.kit.ours]}}]
plugin_routing:
  modules:
    old: {redirect: nice.kit.tool}
    away: {redirect: nice.other.thing}
    circle: {redirect: nice.kit.circle}
    gone: {tombstone: {removal_version: 2.0.0, warning_text: Use nice.kit.tool instead.}}
  module_utils:
    moved: {redirect: nice.kit.inner}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write_it(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_it


@pytest.fixture
def home(tmp_path: Path, write: Callable[[str, str], Path]) -> Path:
    """A folder with the collections ``nice.kit`` and ``nice.other``."""
    kit = "home/ansible_collections/nice/kit"
    write(f"{kit}/meta/runtime.yml", RUNTIME)
    write(f"{kit}/plugins/modules/tool.py", MODULE)
    write(f"{kit}/plugins/modules/sub/deep.py", MODULE.replace("from ..", "from ..."))
    write(f"{kit}/plugins/modules/wrapped.py", MODULE)
    write(f"{kit}/plugins/action/wrapped.py", "class ActionModule: pass\n")
    write(f"{kit}/plugins/modules/paper.py", "DOCUMENTATION = 'all of it is an action plugin'\n")
    write(f"{kit}/plugins/module_utils/inner.py", "from .deeper import word\n")
    write(f"{kit}/plugins/module_utils/deeper/__init__.py", "word = 1\n")
    other = "home/ansible_collections/nice/other"
    write(f"{other}/meta/runtime.yml", "action_groups: {theirs: [thing]}\n")
    write(f"{other}/plugins/modules/thing.py", MODULE)
    return tmp_path / "home"


@pytest.fixture
def no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A controller without ansible-core."""
    for holder in (core, find, groups, missing, pack):
        monkeypatch.setattr(holder, "core_folder", lambda: None)
