"""Picks hosts by pattern: names, groups, globs, ranges of a group, ``:&`` and ``:!``."""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic, suggest
from kplay.errors import InputError
from kplay.inventory.model import LOCALHOST
from kplay.source import Sourced

if TYPE_CHECKING:
    from collections.abc import Collection

    from kplay.inventory.model import Inventory
    from kplay.source import Span

_PART = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SUBSCRIPT = re.compile(r"(?P<name>.+)\[(?:(?P<one>-?\d+)|(?P<from>\d+)[:-](?P<to>\d*))\]\Z")


class _Anything(frozenset[str]):
    def __contains__(self, name: object) -> bool:
        return True


ANYTHING = _Anything()
"""Every name: what is expected where tasks compute the names of groups."""


def select(
    inventory: Inventory,
    pattern: str | Sourced,
    limit: str | None = None,
    *,
    expected: Collection[str] = (),
) -> list[str]:
    """The hosts that a pattern means, in the order it names them.

    Args:
        inventory: where the hosts are.
        pattern: as a play's ``hosts`` or a command line has it; a list of patterns in a Sourced.
        limit: a second pattern that narrows the first; ``@file`` reads patterns from a file.
        expected: names that a run makes later (add_host, group_by), which are no fault.

    Raises:
        InputError: a name that is no host or group, or a limit that matches no host at all.
    """
    span = pattern.span if isinstance(pattern, Sourced) else None
    value = pattern.value if isinstance(pattern, Sourced) else pattern
    texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    chosen = _Choice(inventory, span, expected).of(texts)
    if limit is None:
        return chosen
    allowed = _limited(inventory, limit, expected)
    return [name for name in chosen if name in allowed]


def split(text: str) -> list[str]:
    """The parts of a pattern, divided by commas or colons."""
    if "," in text:
        return [part for piece in text.split(",") for part in split(piece.strip())]
    if text.startswith("~") or _is_address(text):
        return [text]
    return _PART.findall(text)


def _limited(inventory: Inventory, limit: str, expected: Collection[str]) -> set[str]:
    allowed = set(_Choice(inventory, None, expected).of(_limit_parts(limit)))
    if not allowed:
        raise InputError(
            Diagnostic(
                "empty-limit",
                f"`--limit {limit}` matches no host",
                None,
                help=("`kplay inventory --graph` shows what there is",),
            )
        )
    return allowed


def _limit_parts(limit: str) -> list[str]:
    parts: list[str] = []
    for text in re.split(r"[,;]", limit):
        if not text.startswith("@"):
            parts.append(text)
            continue
        try:
            lines = Path(text[1:]).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                Diagnostic("unreadable-file", f"cannot read the limit file `{text[1:]}`", None)
            ) from error
        parts += [line.strip() for line in lines if line.strip() and line.strip()[0] != "#"]
    return parts


class _Choice:
    """One reading of a pattern."""

    def __init__(self, inventory: Inventory, span: Span | None, expected: Collection[str]) -> None:
        self.inventory = inventory
        self.span = span
        self.expected = expected

    def of(self, texts: list[str]) -> list[str]:
        parts = [part for text in texts for part in split(text)]
        plain = [part for part in parts if part[0] not in "&!"] or ["all"]
        chosen: dict[str, None] = {}
        for part in plain:
            chosen.update(dict.fromkeys(self._match(part)))
        for part in parts:
            if part[0] == "&":
                kept = set(self._match(part[1:]))
                chosen = {name: None for name in chosen if name in kept}
        for part in parts:
            if part[0] == "!":
                dropped = set(self._match(part[1:]))
                chosen = {name: None for name in chosen if name not in dropped}
        return list(chosen)

    def _match(self, text: str) -> list[str]:
        if text.startswith("~"):
            try:
                return self._by_form(re.compile(text[1:]))
            except re.error as error:
                raise self._fault("bad-pattern", f"`{text}` is no regex: {error}") from error
        found = None if _is_address(text) else _SUBSCRIPT.match(text)
        if found is None:
            return self._by_name(text)
        hosts = self._by_name(found["name"])
        if found["one"] is not None:
            index = int(found["one"])
            return [hosts[index]] if -len(hosts) <= index < len(hosts) else []
        end = int(found["to"]) + 1 if found["to"] else len(hosts)
        return hosts[int(found["from"]) : end]

    def _by_name(self, text: str) -> list[str]:
        inventory = self.inventory
        if text in ("all", "*"):
            return inventory.members("all")
        if any(char in text for char in "*?["):
            return self._by_form(re.compile(translate(text)))
        if text in inventory.groups:
            members = inventory.members(text)
            if text in inventory.hosts and text not in members:
                members.append(text)
            return members
        if text in inventory.hosts:
            return [text]
        if text in LOCALHOST and inventory.implicit is not None:
            return [text]
        if text in self.expected:
            return []
        known = [*inventory.groups, *inventory.hosts]
        raise self._fault(
            "unknown-host", f"no host or group named `{text}`", help=suggest(text, known)
        )

    def _by_form(self, form: re.Pattern[str]) -> list[str]:
        found: dict[str, None] = {}
        for name in self.inventory.groups:
            if form.match(name):
                found.update(dict.fromkeys(self.inventory.members(name)))
        found.update((name, None) for name in self.inventory.hosts if form.match(name))
        return list(found)

    def _fault(self, code: str, message: str, help: tuple[str, ...] = ()) -> InputError:  # noqa: A002
        return InputError(Diagnostic(code, message, self.span, help=help))


def _is_address(text: str) -> bool:
    """Whether text is an IPv6 address, whose colons divide nothing."""
    from ipaddress import IPv6Address

    if text.count(":") < 2:
        return False
    try:
        IPv6Address(text.strip("[]"))
    except ValueError:
        return False
    return True
