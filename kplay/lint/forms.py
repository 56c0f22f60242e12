"""Rules on how values are written: what YAML reads is not what stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.lint.model import Noted, Survey, written
from kplay.playbook import modules
from kplay.playbook.model import Block, Include

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kplay.lint.model import Site
    from kplay.modules.api import Arg
    from kplay.source import Sourced

_DIGITS = re.compile(r"[1-7][0-7]{2,3}\Z")
_SHORT = re.compile(r"[1-7][0-7]{2}\Z")
_MEANT = frozenset({0o644, 0o755, 0o600, 0o700, 0o777, 0o640, 0o750, 0o444, 0o440, 0o400})
"""Modes that somebody who writes decimal numbers may mean."""
_VERSION = re.compile(r"(?:^|_)(?:version|release)\Z", re.IGNORECASE)
_TEXTS = ("str", "path")


def check(survey: Survey, noted: Noted) -> None:
    """Note modes, numbers and booleans that YAML reads otherwise than they are meant."""
    seen: set[tuple[int, tuple[str | int, ...]]] = set()
    for site in survey.sites:
        for name, value, arg in _arguments(site):
            _argument(survey, noted, name, value, arg)
        _environment(noted, site.node.keywords)
    for play in survey.playbook.plays:
        _environment(noted, play.keywords)
    for table in _tables(survey):
        for name, value in table.items():
            key = (id(value.document), value.path)
            if key not in seen:
                seen.add(key)
                _variable(survey, noted, str(name), value)


def _arguments(site: Site) -> Iterator[tuple[str, Sourced, Arg]]:
    node = site.node
    if isinstance(node, (Block, Include)):
        return
    called = modules.find(node.module)
    if called is None:
        return
    names = {name: arg for key, arg in called.args.items() for name in (key, *arg.aliases)}
    for name, value in node.args.items():
        if name in names:
            yield name, value, names[name]


def _argument(survey: Survey, noted: Noted, name: str, value: Sourced, arg: Arg) -> None:
    if arg.type == "mode":
        _mode(survey, noted, name, value)
    elif arg.type in _TEXTS and not arg.choices:
        _as_text(noted, f"`{name}`", value)
        _version(survey, noted, name, value)


def _mode(survey: Survey, noted: Noted, name: str, value: Sourced) -> None:
    plain, text = value.value, written(value)
    if isinstance(plain, int) and not isinstance(plain, bool) and _DIGITS.match(text):
        if plain not in _MEANT:
            message = (
                f"YAML reads `{name}: {text}` as a decimal number, which is the mode {plain:04o}"
            )
            _quote(noted, "decimal-mode", message, value, f"0{text}")
    elif survey.strict and isinstance(plain, str) and _SHORT.match(plain):
        message = f"the mode `{plain}` has no leading zero"
        _quote(noted, "short-mode", message, value, f"0{plain}", certain=False)


def _as_text(noted: Noted, what: str, value: Sourced) -> None:
    """A value that reaches its reader as text, which is not the text that is written."""
    plain, text = value.value, written(value)
    if not text or isinstance(plain, str):
        return
    if isinstance(plain, bool):
        if str(plain) != text:
            noted.report(
                "boolean-as-text",
                f"{what} takes text, and YAML reads `{text}` as a boolean: it becomes `{plain}`",
                value.span,
                certain=False,
                help=(f'write "{text}" for the word, or `{plain}` for this text',),
            )
    elif isinstance(plain, (int, float)) and str(plain) != text:
        message = f"{what} takes text, and YAML reads `{text}` as the number {plain}"
        _quote(noted, "number-loses-text", message, value, text)


def _quote(
    noted: Noted, code: str, message: str, value: Sourced, text: str, *, certain: bool = True
) -> None:
    """Note a value that is to be written as a text."""
    noted.report(code, message, value.span, certain=certain, help=(f'write "{text}"',))


def _variable(survey: Survey, noted: Noted, name: str, value: Sourced) -> None:
    if isinstance(value.value, dict):
        for key, part in value.items():
            _variable(survey, noted, str(key), part)
    elif isinstance(value.value, list):
        for part in value.elements():
            if isinstance(part.value, dict):
                _variable(survey, noted, name, part)
    else:
        _version(survey, noted, name, value)


def _version(survey: Survey, noted: Noted, name: str, value: Sourced) -> None:
    plain, text = value.value, written(value)
    if not isinstance(plain, float) or not _VERSION.search(name) or not text:
        return
    if str(plain) != text:
        message = f"YAML reads the version `{text}` as the number {plain}"
        _quote(noted, "number-loses-text", message, value, text)
    elif survey.strict:
        message = f"YAML reads the version `{text}` as a number"
        _quote(noted, "version-as-number", message, value, text, certain=False)


def _environment(noted: Noted, words: Mapping[str, Sourced]) -> None:
    given = words.get("environment")
    for one in _mappings(given) if given is not None else ():
        for value in one.values():
            _as_text(noted, "an environment variable", value)


def _mappings(given: Sourced) -> Iterator[dict[str, Sourced]]:
    for one in given.elements() if isinstance(given.value, list) else (given,):
        if isinstance(one.value, dict):
            yield dict(one.items())


def _tables(survey: Survey) -> Iterator[Mapping[str, Sourced]]:
    from kplay.lint.definitions import inventory_tables, vars_files

    yield from inventory_tables(survey)
    roles: set[int] = set()
    for play in survey.playbook.plays:
        yield play.variables
        yield from vars_files(survey, play)
    for site in survey.sites:
        role = site.node.role
        if role is not None and id(role) not in roles:
            roles.add(id(role))
            yield from (role.defaults, role.variables, role.parameters)
        given = site.node.keywords.get("vars")
        if given is not None and isinstance(given.value, dict):
            yield dict(given.items())
    for tables in survey.included.values():
        yield from tables
