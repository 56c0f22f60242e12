"""The names that a task can call."""

import pytest

from kplay import actions
from kplay.modules import catalog
from kplay.playbook import modules

HANDLED_BY_THE_WALK = {"meta"}


@pytest.mark.parametrize("name", modules.names())
def test_every_name_that_loads_can_run(name: str) -> None:
    if name in modules.INCLUDES or name in modules.IMPORTS or name in HANDLED_BY_THE_WALK:
        return
    assert name in actions._WHERE or catalog.find(name) is not None


@pytest.mark.parametrize("name", ["copy", "ansible.builtin.copy", "ansible.legacy.copy"])
def test_collections_of_ansible_are_ours(name: str) -> None:
    called = modules.find(name)
    assert called is not None
    assert called.name == "copy"


def test_other_collections_are_not() -> None:
    assert modules.find("community.docker.docker_container") is None
    assert modules.find("community.general.set_fact") is None


def test_names_refused_for_now_are_not_suggested() -> None:
    refused = [name for name, called in modules.ACTIONS.items() if called.refused]
    assert "synchronize" in refused
    assert not set(refused) & set(modules.names()) - set(catalog.names())


def test_a_template_takes_what_a_copy_takes_on_the_host() -> None:
    copy, template = modules.find("copy"), modules.find("template")
    assert copy is not None
    assert template is not None
    assert {"dest", "mode", "owner", "validate"} <= set(copy.args) & set(template.args)
    assert "content" not in template.args
    assert not [name for name in copy.args if name.startswith("_")]
