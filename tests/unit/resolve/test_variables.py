from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from kplay.errors import InputError
from kplay.inventory.model import Group, Host, Inventory
from kplay.playbook.model import Block, Play, Role, Task
from kplay.resolve.faults import TemplateError
from kplay.resolve.magic import PlayContext
from kplay.resolve.precedence import Layer
from kplay.resolve.unknown import PartialResult, Unknown
from kplay.resolve.variables import VariableStore
from kplay.source import Sourced, Span, VaultText, made_up
from kplay.vault.envelope import seal
from kplay.vault.sources import Identity
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.resolve.scope import Scope

SPAN = Span("play.yml", 1, 1, 1, 2)


def table(layer: str) -> dict[str, Sourced]:
    return dict(load_text(f"x: {layer}\n", f"{layer}.yml").root.items())


def keyword(layer: str) -> dict[str, Sourced]:
    return dict(load_text(f"vars:\n  x: {layer}\n", f"{layer}.yml").root.items())


def build(layers: set[Layer], folder: Path) -> Scope:
    """A world in which exactly these layers define ``x`` as their own name."""

    def given(layer: Layer) -> dict[str, Sourced]:
        return table(layer.name) if layer in layers else {}

    def words(layer: Layer) -> dict[str, Sourced]:
        return keyword(layer.name) if layer in layers else {}

    whole = Group("all", hosts=["h"], variables=given(Layer.INVENTORY_ALL))
    whole.file_variables = given(Layer.GROUP_VARS_ALL)
    whole.playbook_variables = given(Layer.PLAYBOOK_GROUP_VARS_ALL)
    group = Group("g", hosts=["h"], variables=given(Layer.INVENTORY_GROUPS))
    group.file_variables = given(Layer.GROUP_VARS)
    group.playbook_variables = given(Layer.PLAYBOOK_GROUP_VARS)
    host = Host("h", None, variables=given(Layer.INVENTORY_HOST), groups=["all", "g"])
    host.file_variables = given(Layer.HOST_VARS)
    host.playbook_variables = given(Layer.PLAYBOOK_HOST_VARS)
    inventory = Inventory(hosts={"h": host}, groups={"all": whole, "g": group})
    role = Role("r", folder, defaults=given(Layer.ROLE_DEFAULTS))
    role.variables = given(Layer.ROLE_VARS)
    role.parameters = given(Layer.ROLE_PARAMETERS)
    include = Block(words(Layer.INCLUDE_PARAMETERS), SPAN, kind="include", role=role)
    block = Block(words(Layer.BLOCK_VARS), SPAN, role=role, parent=include)
    args = load_text("{}", "t.yml").root
    task = Task("debug", args, words(Layer.TASK_VARS), SPAN, role=role, parent=block)
    hosts = load_text("h", "p.yml").root
    play = Play("p", hosts, {}, SPAN, variables=given(Layer.PLAY_VARS), directory=folder)
    if Layer.PLAY_VARS_FILES in layers:
        (folder / "f.yml").write_text("x: PLAY_VARS_FILES\n")
        play.vars_files = [load_text("f.yml", "p.yml").root]
    store = VariableStore(inventory, folder, given(Layer.EXTRA_VARS))
    if Layer.PLAY_PROMPTS in layers:
        store.prompt(play, {"x": "PLAY_PROMPTS"})
    if Layer.FACTS in layers:
        store.add_facts("h", {"x": "FACTS"})
    if Layer.INCLUDE_VARS in layers:
        store.include_vars("h", given(Layer.INCLUDE_VARS))
    if Layer.SET_FACTS in layers:
        store.set_facts("h", {"x": "SET_FACTS"})
    extra = {"x": "LOOP_VARS"} if Layer.LOOP_VARS in layers else {}
    return store.scope(play, "h", task, extra)


LAYERS = [layer for layer in Layer if layer is not Layer.MAGIC]


@pytest.mark.parametrize(("low", "high"), list(itertools.pairwise(LAYERS)))
def test_the_table_is_what_happens(low: Layer, high: Layer, tmp_path: Path) -> None:
    scope = build({low, high}, tmp_path)
    assert scope["x"] == high.name
    assert [one.layer for one in scope.definitions("x")] == [low, high]


def test_definitions_lists_all_layers_in_order(tmp_path: Path) -> None:
    scope = build(set(LAYERS), tmp_path)
    found = scope.definitions("x")
    assert [one.layer for one in found] == LAYERS
    assert found[0].span is not None
    assert str(found[0].span) == "ROLE_DEFAULTS.yml:1:4"
    assert found[0].layer.title == "role defaults"
    assert next(one for one in found if one.layer is Layer.FACTS).span is None


def test_every_layer_has_a_title() -> None:
    assert len({layer.title for layer in Layer}) == len(Layer)


def test_deeper_groups_win_then_priority_then_name(store: VariableStore) -> None:
    for name, value in (("all", 1), ("web", 2), ("web_eu", 3)):
        store.inventory.groups[name].variables = dict(
            load_text(f"x: {value}\n{name}: true\n", "i.yml").root.items()
        )
    assert store.scope(None, "web1")["x"] == 3
    assert store.scope(None, "web2.example.org")["x"] == 2


def test_facts_are_read_both_ways(store: VariableStore) -> None:
    store.add_facts("web1", {"ansible_os_family": "Debian", "services": {"ssh": 1}})
    store.add_facts("web1", {"ansible_local": {"a": 1}})
    scope = store.scope(None, "web1")
    assert scope["ansible_os_family"] == "Debian"
    assert scope["ansible_facts"]["os_family"] == "Debian"
    assert scope["ansible_facts"]["services"] == scope["services"] == {"ssh": 1}
    assert scope["ansible_local"] == scope["ansible_facts"]["ansible_local"] == {"a": 1}


def test_a_cacheable_fact_is_a_fact_too(store: VariableStore) -> None:
    store.set_facts("web1", {"x": 1}, cacheable=True)
    assert store.scope(None, "web1")["ansible_facts"]["x"] == 1


def test_roles_share_defaults_with_the_play(tmp_path: Path) -> None:
    args = load_text("{}", "t.yml").root
    first = Role("a", tmp_path, defaults=table("a"))
    second = Role("b", tmp_path, defaults=table("b"))
    blocks = []
    for role in (first, second):
        block = Block({}, SPAN, role=role, kind="role")
        block.tasks = [Task("debug", args, {}, SPAN, role=role, parent=block)]
        blocks.append(block)
    play = Play("p", args, {}, SPAN, roles=blocks)
    store = VariableStore(Inventory(hosts={"h": Host("h", None)}), tmp_path)
    assert store.scope(play, "h")["x"] == "b"
    assert store.scope(play, "h", blocks[0].tasks[0])["x"] == "a"
    included = Role("c", tmp_path, defaults=table("c"))
    store.expose(play, included)
    assert store.scope(play, "h")["x"] == "c"


def test_hostvars_shows_nothing_of_the_play_and_tells_what_is_read(store: VariableStore) -> None:
    read: list[tuple[str, str]] = []
    hosts = load_text("all", "p.yml").root
    play = Play("p", hosts, {}, SPAN, variables=table("play"))
    store.register("web2.example.org", "token", "abc")
    context = PlayContext(on_hostvars=lambda host, name: read.append((host, name)))
    scope = store.scope(play, "web1", context=context)
    assert scope.template("{{ hostvars['web2.example.org'].token }}") == "abc"
    assert scope.template("{{ hostvars['web2.example.org'].x | default('-') }}") == "-"
    assert scope.template("{{ hostvars.web1.inventory_hostname }}") == "web1"
    assert scope.template("{{ hostvars['nobody'] is defined }}") is False
    assert read == [
        ("web2.example.org", "token"),
        ("web2.example.org", "x"),
        ("web1", "inventory_hostname"),
    ]


def test_magic_variables(scope_of: Callable[..., Scope]) -> None:
    scope = scope_of()
    assert scope["inventory_hostname"] == "web1"
    assert scope["group_names"] == ["web", "web_eu"]
    assert scope["groups"]["web"] == ["web1", "web2.example.org"]
    assert scope["ansible_play_hosts"] == ["web1"]
    assert scope["ansible_play_hosts_all"] == ["web1", "web2.example.org"]
    assert scope["ansible_check_mode"] is False
    assert scope["ansible_version"]["minor"] == 19
    assert scope["inventory_dir"] == "/srv/inv"
    assert scope["ansible_host"] == "web1"
    assert scope["ansible_run_tags"] == ["all"]
    assert "role_name" not in scope


def test_vars_files_take_the_first_that_is_there(store: VariableStore, tmp_path: Path) -> None:
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "Debian.yml").write_text("x: debian\n")
    files = load_text("- ['{{ family }}.yml', other.yml]\n", "p.yml").root
    play = Play("p", files, {}, SPAN, vars_files=list(files.elements()), directory=tmp_path)
    store.add_facts("web1", {"family": "Debian"})
    assert store.scope(play, "web1")["x"] == "debian"
    with pytest.raises((InputError, TemplateError)):
        store.scope(play, "web2.example.org").template("{{ x }}")


def test_a_vaulted_value_needs_a_password(store: VariableStore) -> None:
    secret = dict(load_text("x: !vault abc\n", "v.yml").root.items())
    store.extra_vars.update(secret)
    with pytest.raises(TemplateError, match="no vault password"):
        store.scope(None, "web1").template("{{ x }}")
    store.vault.identities = [Identity("default", "prompt")]
    store.vault.identities[0].answer("pw")
    with pytest.raises(TemplateError, match="a vault begins with"):
        store.scope(None, "web1").template("{{ x }}")
    store.extra_vars["x"] = made_up({"y": VaultText(seal(b"open {{ abc }}", b"pw"))})
    scope = store.scope(None, "web1")
    assert scope.template("{{ x.y }}") == "open {{ abc }}"
    assert scope.template("{{ x.y is vault_encrypted }}") is True
    assert scope.template("{{ (x.y ~ '') is vault_encrypted }}") is False
    assert scope.template("{{ x.y | to_yaml }}").startswith("!vault |\n  $ANSIBLE_VAULT;1.1;AES256")
    assert scope.template("{{ x.y | unvault('pw') }}") == "open {{ abc }}"
    assert store.vault.revealed == {"open {{ abc }}"}


def test_what_a_run_made_survives_a_snapshot(store: VariableStore) -> None:
    store.add_facts("web1", {"ansible_os_family": "Debian"})
    store.set_facts("web1", {"a": [1, {"b": None}]})
    store.register("web1", "r", PartialResult({"rc": 0}, "step"))
    store.register("web1", "u", Unknown("step"))
    written = load_text("t: '{{ a[0] }}'\n", "i.yml").root
    store.include_vars("web1", dict(written.items()))
    data = json.loads(json.dumps(store.snapshot()))
    other = VariableStore(store.inventory)
    other.restore(data)
    scope = other.scope(None, "web1")
    assert scope["ansible_facts"]["os_family"] == "Debian"
    assert scope["a"] == [1, {"b": None}]
    assert scope["t"] == 1
    assert scope["r"]["rc"] == 0
    assert isinstance(scope["r"]["stdout"], Unknown)
    assert scope["u"].causes == ("step",)
