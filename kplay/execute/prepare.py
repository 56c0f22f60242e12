"""From options to something that can be walked: inventory, playbook, graph, variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.ansible_cfg import Value
from kplay.bundle import default_directory
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError, UsageError
from kplay.execute.facts import fact_cache, keeps_facts, recall, remembered
from kplay.execute.outside import absent_hosts, bring_facts
from kplay.execute.questions import settle
from kplay.graph.build import build
from kplay.graph.start import start_at
from kplay.graph.tags import TagChoice
from kplay.inventory.load import IGNORED, load, load_adjacent
from kplay.inventory.model import Inventory
from kplay.playbook.load import Loader
from kplay.resolve.constructed import Constructor
from kplay.resolve.early import renderer
from kplay.resolve.filters import FILTERS
from kplay.resolve.jinja_tests import TESTS
from kplay.resolve.lookups import LookupNames
from kplay.resolve.plugins import KINDS, Plugins
from kplay.resolve.variables import VariableStore
from kplay.source import Sourced, made_up
from kplay.vault.keyring import Keyring
from kplay.vault.sources import identities
from kplay.walk.chosen import expected_names, play_hosts
from kplay.yaml_reader import load_file, load_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.execute.options import RunOptions
    from kplay.graph.model import Graph, PlayStrand
    from kplay.playbook.model import Playbook
    from kplay.source import Span


@dataclass(slots=True)
class Prepared:
    """Everything known before the first packet."""

    options: RunOptions
    inventory: Inventory
    playbook: Playbook
    graph: Graph
    store: VariableStore
    loader: Loader
    vault: Keyring
    tags: TagChoice
    extra_vars: dict[str, Sourced]
    notes: list[str] = field(default_factory=list)
    """What the user is to know before anything is done."""
    misspelt: list[Diagnostic] = field(default_factory=list)
    """Of that, the variables of ``-e`` that nothing reads."""

    @property
    def hosts(self) -> list[str]:
        """Hosts of all plays, in inventory order."""
        wanted = {name for play in self.graph.plays for name in play.hosts}
        known = [name for name in self.inventory.hosts if name in wanted]
        return known + sorted(wanted - set(known))

    @property
    def tasks(self) -> int:
        """Selected tasks, handlers left out."""
        return sum(v.kind == "task" and v.selected and not v.handler for v in self.graph.vertices())


def prepare(options: RunOptions, *, ask: bool = False) -> Prepared:
    """Load and check everything; touches no host.

    Args:
        options: the command line.
        ask: whether plays ask their questions, as for a run or its plan.

    Raises:
        InputError: any fault in what the user wrote, all of a file's at once.
    """
    vault = keyring(options)
    extra = extra_vars(options.extra_vars, vault)
    inventory = load_inventory(options, vault)
    loader = make_loader(options, extra, inventory, vault)
    playbook = loader.playbook(options.playbooks)
    _take_defaults(playbook, options)
    directory = playbook.plays[0].directory if playbook.plays else None
    complete(inventory, directory, vault)
    store = VariableStore(inventory, directory, extra, vault=vault)
    cache = fact_cache(options)
    if options.flush_cache and not options.check:
        for name in inventory.hosts:
            cache.forget(name)
    store.lenient_conditions = bool(options.ansible_cfg.get("allow_broken_conditionals"))
    if keeps_facts(options):
        recall(store, cache, inventory.hosts)
    store.absent = absent_hosts(options, store)
    settle(playbook, store, options.passwords.answers, extra, ask=ask)
    tags = TagChoice(frozenset(options.tags), frozenset(options.skip_tags))
    expected = expected_names(playbook)
    hosts = [play_hosts(play, store, options.limit, expected) for play in playbook.plays]
    graph = build(playbook, hosts, tags)
    graph.expected = expected
    if options.start_at_task:
        start_at(graph, options.start_at_task)
    notes, odd = [], []
    if extra:
        from kplay.execute.unread import as_note, unread

        odd = unread(options.extra_vars, playbook, inventory, extra, loader)
        notes = [as_note(one) for one in odd]
    notes += bring_facts(options, playbook, graph, store, cache)
    return Prepared(
        options, inventory, playbook, graph, store, loader, vault, tags, extra, notes, odd
    )


def reload_inventory(prepared: Prepared) -> Inventory:
    """The inventory as its sources say now, with what stands beside the playbook.

    Raises:
        InputError: a source is missing or wrong by now.
    """
    inventory = load_inventory(prepared.options, prepared.vault)
    plays = prepared.playbook.plays
    complete(inventory, plays[0].directory if plays else None, prepared.vault)
    store, options = prepared.store, prepared.options
    found = VariableStore(inventory, store.playbook_dir, prepared.extra_vars)
    if keeps_facts(options):
        fresh = [name for name in inventory.hosts if name not in store.inventory.hosts]
        recall(store, fact_cache(options), fresh)
    store.absent = absent_hosts(options, found)
    return inventory


def check_syntax(options: RunOptions) -> list[PlayStrand]:
    """The plays of the playbooks, checked as far as that goes without an inventory.

    Raises:
        InputError: any fault in what the user wrote.
    """
    if sources(options):
        return prepare(options).graph.plays
    vault = keyring(options)
    loader = make_loader(options, extra_vars(options.extra_vars, vault), Inventory(), vault)
    playbook = loader.playbook(options.playbooks)
    return build(playbook, [[] for _ in playbook.plays]).plays


def make_loader(
    options: RunOptions, extra: Mapping[str, Sourced], inventory: Inventory, vault: Keyring
) -> Loader:
    """What reads the playbooks, and finds roles where the user keeps them."""
    roles_path = [Path(part) for part in os.environ.get("KPLAY_ROLES_PATH", "").split(":") if part]
    cfg = options.ansible_cfg
    folders = [(kind, one) for kind in KINDS for one in cfg.get(f"{kind}_plugins", ())]
    plugins = Plugins(cfg.collections_path, folders)
    loader = Loader(
        roles_path=[*roles_path, *cfg.roles_path],
        collections_path=cfg.collections_path,
        libraries=cfg.libraries,
        utilities=cfg.utilities,
        extra_vars={name: value.value for name, value in extra.items()},
        filters=FILTERS,
        tests=TESTS,
        lookups=LookupNames(),
        render=renderer(inventory, vault),
        vault=vault,
    )
    loader.found = plugins.add
    return loader


def complete(inventory: Inventory, directory: Path | None, vault: Keyring) -> None:
    """Add to an inventory the files beside the playbook, and what kplay itself provides."""
    if directory is not None:
        load_adjacent(inventory, directory, vault)
    everyone = inventory.groups["all"].variables
    for name, value in provided().items():
        everyone.setdefault(name, value)


def provided() -> dict[str, Sourced]:
    """Variables that kplay gives where nobody else does."""
    return {"kplay_bundle": made_up(str(default_directory()))}


_PLAY_DEFAULTS = ("any_errors_fatal", "force_handlers", "gather_timeout", "strategy")


def _take_defaults(playbook: Playbook, options: RunOptions) -> None:
    """Give plays what the command line and ansible.cfg say of keywords that they leave out."""
    cfg = options.ansible_cfg
    defaults = {name: cfg.values[name] for name in _PLAY_DEFAULTS if name in cfg.values}
    if cfg.get("gathering") == "explicit":
        defaults["gather_facts"] = cfg.values["gathering"]._replace(value=False)
    if options.force_handlers:
        defaults["force_handlers"] = Value(True, "--force-handlers")
    for play in playbook.plays:
        if options.ask is not None:
            # Each task is asked for once, when every host has come so far
            play.keywords["strategy"] = made_up("linear", "--step")
        for name, found in defaults.items():
            play.keywords.setdefault(name, made_up(found.value, found.origin))


def keyring(options: RunOptions) -> Keyring:
    """What opens vaults; asks for the passwords that the user keeps, once for all of a run.

    Raises:
        InputError: a password file is missing, or an answer is empty.
    """
    found = identities(options.vault_ids, options.passwords.vault)
    return Keyring(found, match=bool(options.ansible_cfg.get("vault_id_match", False)))


def load_inventory(options: RunOptions, vault: Keyring | None = None) -> Inventory:
    """The inventory of ``-i``, of ``KPLAY_INVENTORY``, or of ansible.cfg.

    Raises:
        UsageError: there is none.
        InputError: a source is missing or wrong.
    """
    named = sources(options)
    if not named:
        raise UsageError("no inventory: name one with `-i`, or `-i HOST,` for a single host")
    cfg = options.ansible_cfg
    vault = vault or keyring(options)
    kept = partial(remembered, fact_cache(options)) if keeps_facts(options) else None
    return load(
        named,
        vault=vault,
        construct=Constructor(extra_vars(options.extra_vars, vault), kept),
        ignored=cfg.get("inventory_ignore", IGNORED),
        ignored_patterns=cfg.get("inventory_ignore_patterns", ()),
    )


class _Shut(Keyring):
    """Takes vaulted files of variables for empty ones, whatever passwords there are."""

    def open(self, text: str, span: Span | None) -> bytes:
        """What an inventory's source holds; nothing of group_vars and host_vars."""
        if span is not None and {"group_vars", "host_vars"} & set(Path(span.file).parts):
            return b"{}"
        return super().open(text, span)


def load_shape(options: RunOptions) -> Inventory:
    """The hosts and groups of an inventory, without what vaulted files of variables hold.

    Raises:
        UsageError: there is none.
        InputError: a source is missing or wrong, or is itself encrypted and no password opens it.
    """
    opened = keyring(options)
    return load_inventory(options, _Shut(opened.identities, match=opened.match))


def sources(options: RunOptions) -> list[str | Path]:
    """Where the inventory comes from: ``-i``, KPLAY_INVENTORY, ansible.cfg."""
    if options.inventory:
        return list(options.inventory)
    given = os.environ.get("KPLAY_INVENTORY")
    return [given] if given else list(options.ansible_cfg.get("inventory", ()))


def extra_vars(given: tuple[str, ...], vault: Keyring | None = None) -> dict[str, Sourced]:
    """What ``-e`` says, later ones winning: ``k=v``, JSON or YAML, or ``@file``.

    Raises:
        InputError: a file is missing or no mapping.
        UsageError: text that is none of the three forms.
    """
    result: dict[str, Sourced] = {}
    for text in given:
        result.update(_extra(text.strip(), vault))
    return result


def _extra(text: str, vault: Keyring | None) -> dict[str, Sourced]:
    if text.startswith("@"):
        document = load_file(Path(text[1:]).expanduser(), vault)
        if not isinstance(document.data, dict):
            message = f"`{text[1:]}` holds no mapping of variables"
            raise InputError(Diagnostic("bad-value", message, document.root.span))
        return dict(document.root.items())
    if text.startswith(("{", "[")):
        document = load_text(text, "<-e>")
        if not isinstance(document.data, dict):
            raise UsageError(f"`-e {text}` is no mapping")
        return dict(document.root.items())
    import shlex

    found: dict[str, Sourced] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"`-e {text}`: `{word}` is not name=value, JSON or @file")
        found[name] = made_up(value, "<-e>")
    return found
