"""YAML files that name an inventory plugin, and what each of them comes to here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kplay.diagnostics import suggest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.inventory.build import Builder
    from kplay.source import Sourced

_FORMS = ("auto", "yaml", "ini", "toml", "script", "host_list", "advanced_host_list")


class Option(NamedTuple):
    """An option of a plugin file: the type of its value, and what it is without one."""

    kind: type
    default: object


CONSTRUCTED = {
    "strict": Option(bool, False),
    "compose": Option(dict, {}),
    "groups": Option(dict, {}),
    "keyed_groups": Option(list, []),
    "leading_separator": Option(bool, True),
    "use_vars_plugins": Option(bool, False),
    "use_extra_vars": Option(bool, False),
}
KEYED = {
    "key": Option(str, ""),
    "prefix": Option(str, ""),
    "separator": Option(str, "_"),
    "parent_group": Option(str, ""),
    "default_value": Option(str, ""),
    "trailing_separator": Option(bool, True),
}


class Construct(Protocol):
    """Composes variables and groups out of the hosts that earlier sources have named."""

    def __call__(self, root: Sourced, builder: Builder) -> None:
        """Add what a checked file of the plugin ``constructed`` asks for."""


def read(
    root: Sourced,
    plugin: Sourced,
    builder: Builder,
    construct: Construct | None,
    load_folders: Callable[[], None],
) -> None:
    """Do what a plugin's file asks for, or say why that is refused.

    Args:
        root: the file's mapping.
        plugin: the value of its ``plugin``.
        builder: the inventory so far.
        construct: what evaluates the templates of ``constructed``; None refuses them.
        load_folders: reads group_vars and host_vars beside the sources so far.
    """
    named = str(plugin.value)
    short = named.removeprefix("ansible.builtin.")
    if short == "constructed" and construct is not None:
        if checked(root, builder.faults):
            wanted = root.get("use_vars_plugins")
            if wanted is not None and wanted.value:
                load_folders()
            construct(root, builder)
        return
    if short in _FORMS:
        reason = f"`{named}` reads a file of its own form, and takes no options from a file"
        hint = "drop the line `plugin:`, or name its source with `-i`"
    else:
        reason = f"inventory plugins such as `{named}` are not supported"
        hint = "write its hosts out: ansible-inventory --list --yaml --export"
    builder.faults.add("unsupported-inventory", reason, plugin.key_span, help=(hint,))


def plugin_of(root: Sourced) -> Sourced | None:
    """The ``plugin`` of a file that configures one; a group may be called so too."""
    plugin = root.get("plugin") if isinstance(root.value, dict) else None
    return plugin if plugin is not None and isinstance(plugin.value, str) else None


def configures(path: Path) -> bool:
    """Whether a file that is no YAML by its name may hold a plugin's options."""
    return path.suffix == ".config"


def checked(root: Sourced, faults: Faults) -> bool:
    """Whether the file of ``constructed`` is well-formed; faults are noted."""
    before = len(faults)
    for key, value in root.items():
        if key != "plugin":
            _fits(key, value, CONSTRUCTED, "constructed", faults)
    keyed = root.get("keyed_groups")
    for entry in keyed.elements() if keyed is not None and isinstance(keyed.value, list) else ():
        if not isinstance(entry.value, dict):
            faults.add("bad-value", "an entry of `keyed_groups` is a mapping", entry.span)
            continue
        for key, value in entry.items():
            _fits(key, value, KEYED, "keyed_groups", faults)
        if (
            entry.get("default_value") is not None
            and entry.value.get("trailing_separator") is not None
        ):
            message = "`default_value` and `trailing_separator` exclude each other"
            faults.add("bad-value", message, entry.span)
        if entry.get("key") is None:
            faults.add("missing-argument", "an entry of `keyed_groups` wants a `key`", entry.span)
    return len(faults) == before


_KINDS = {bool: "true or false", dict: "a mapping", list: "a list", str: "text"}


def _fits(key: str, value: Sourced, options: dict[str, Option], owner: str, faults: Faults) -> None:
    option = options.get(key)
    if option is None:
        message = f"`{owner}` has no option `{key}`"
        faults.add("unknown-keyword", message, value.key_span, help=suggest(key, options))
    elif value.value is not None and not _is(value.value, option.kind):
        faults.add("bad-value", f"`{key}` wants {_KINDS[option.kind]}", value.span)


def _is(value: object, kind: type) -> bool:
    """Whether a value is of a type; a number is text too, while `no` is a mistake."""
    if kind is str and isinstance(value, (int, float)):
        return not isinstance(value, bool)
    return isinstance(value, kind)
