from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.foreign.document import read
from kplay.foreign.find import Places, installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]

DOCUMENTED = '''
DOCUMENTATION = r"""
short_description: Does
  a thing
options:
  name: {type: str, required: true}
  odd: [no mapping]
extends_documentation_fragment:
  - nice.kit.shared
  - nice.kit.shared.more
  - files
  - ansible.builtin.action_common_attributes
  - nowhere.at.all
"""
from ansible.module_utils.basic import AnsibleModule
'''
SHARED = '''
class ModuleDocFragment:
    DOCUMENTATION = "options: {state: {choices: [present, absent]}, name: {type: raw}}"
    MORE = """
options:
  more: {type: int, default: 1}
"""
'''


def test_options_with_those_of_fragments(home: Path, write: Write) -> None:
    kit = "home/ansible_collections/nice/kit/plugins"
    write(f"{kit}/modules/told.py", DOCUMENTED)
    write(f"{kit}/doc_fragments/shared.py", SHARED)
    module = installed("nice.kit.told", Places(collections_path=(home,)))
    assert module is not None
    found = read(module)
    assert found.about == "Does a thing"
    assert found.options["name"] == {"type": "str", "required": True}
    assert found.options["state"]["choices"] == ["present", "absent"]
    assert found.options["more"]["default"] == 1
    assert "mode" in found.options  # of the fragment `files` of ansible-core
    assert "odd" not in found.options


def test_one_without_documentation(home: Path) -> None:
    module = installed("nice.kit.tool", Places(collections_path=(home,)))
    assert module is not None
    assert read(module) == ("", {})


def test_documentation_that_is_no_yaml(home: Path, write: Write) -> None:
    kit = "home/ansible_collections/nice/kit/plugins"
    write(f"{kit}/modules/told.py", 'DOCUMENTATION = "a: [b"\nimport ansible.module_utils.basic\n')
    module = installed("nice.kit.told", Places(collections_path=(home,)))
    assert module is not None
    assert read(module) == ("", {})
