"""Checks keyword values against the types of the keyword table."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import suggest
from kplay.playbook import keywords
from kplay.source import Sourced, UnsafeText, VaultText

if TYPE_CHECKING:
    from kplay.diagnostics import Faults
    from kplay.playbook.keywords import Keyword
    from kplay.playbook.model import Keywords

TRUE = frozenset({"yes", "y", "true", "t", "on", "1"})
FALSE = frozenset({"no", "n", "false", "f", "off", "0"})
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*\Z")
_PERCENT = re.compile(r"\s*\d+(\.\d+)?\s*%?\s*\Z")

_WANTED = {
    "str": "text",
    "bool": "a boolean",
    "int": "a whole number",
    "number": "a number",
    "list": "a list",
    "mapping": "a mapping",
    "names": "text or a list of texts",
    "condition": "an expression, a boolean or a list of them",
    "environment": "a mapping or a list of mappings",
    "serial": "a number, a percentage or a list of them",
}


def is_template(value: Any) -> bool:
    """Whether a value is text that Jinja would render to something else."""
    if not isinstance(value, str) or isinstance(value, (UnsafeText, VaultText)):
        return False
    return "{{" in value or "{%" in value or "{#" in value


def holds_template(value: Any) -> bool:
    """Whether a value, or anything inside it, is a template."""
    if isinstance(value, dict):
        return any(holds_template(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(holds_template(one) for one in value)
    return is_template(value)


def names_in(value: Any) -> list[str]:
    """The names in ``a, b`` or in a list of such texts, as tags are written."""
    texts = value if isinstance(value, list) else [] if value is None else [value]
    return [name.strip() for text in texts for name in str(text).split(",") if name.strip()]


def table_of(value: Sourced | None) -> dict[str, Sourced]:
    """The entries of a mapping; nothing for anything else, whose fault is noted elsewhere."""
    return dict(value.items()) if value is not None and isinstance(value.value, dict) else {}


def shown(value: Any) -> str:
    """A value as messages name it: its type, and itself when it is short."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    text = str(value)
    return f"`{text}`" if len(text) <= 40 and "\n" not in text else "text"


def read_keywords(entry: Sourced, level: str, faults: Faults, skip: set[str]) -> Keywords:
    """The keywords of a mapping, each checked; keys in ``skip`` belong to someone else."""
    found: Keywords = {}
    for name, value in entry.items():
        if name in skip:
            continue
        keyword = keywords.find(level, str(name))
        if keyword is None:
            _unknown(str(name), value, level, faults)
        elif keyword.refused:
            faults.add(
                "unsupported-keyword",
                f"`{name}` is not supported",
                value.key_span,
                notes=(keyword.refused,),
            )
        else:
            check(keyword, value, faults)
            found[name] = value
    return found


def entries_of(value: Sourced) -> list[tuple[str, Sourced]]:
    """The entries of a mapping or of a list of mappings: ``module_defaults`` takes both."""
    tables = value.elements() if isinstance(value.value, list) else (value,)
    return [pair for one in tables if isinstance(one.value, dict) for pair in one.items()]


def _unknown(name: str, value: Sourced, level: str, faults: Faults) -> None:
    elsewhere = [other for other in keywords.levels_of(name) if other != level]
    spoken = {"import": "a static import", "include": "an include"}.get(level, f"a {level}")
    if elsewhere:
        faults.add(
            "unknown-keyword",
            f"`{name}` cannot be used on {spoken}",
            value.key_span,
            help=(
                ("put it under `apply`",)
                if level == keywords.INCLUDE
                else (f"it belongs to: {', '.join(elsewhere)}",)
            ),
        )
        return
    faults.add(
        "unknown-keyword",
        f"no keyword named `{name}` for {spoken}",
        value.key_span,
        help=suggest(name, keywords.supported(level)),
    )


def check(keyword: Keyword, value: Sourced, faults: Faults) -> None:
    """Note a fault when the value is not of the keyword's type."""
    plain = value.value
    if is_template(plain) and not keyword.literal:
        return
    if plain is None and keyword.kind != "bool":
        return
    if not _fits(keyword.kind, plain):
        faults.add(
            "bad-value",
            f"`{keyword.name}` wants {_WANTED[keyword.kind]}, not {shown(plain)}",
            value.span,
        )
    elif keyword.choices and plain not in keyword.choices:
        faults.add(
            "bad-value",
            f"`{keyword.name}` cannot be {shown(plain)}",
            value.span,
            notes=(f"one of: {', '.join(keyword.choices)}",),
            help=suggest(str(plain), keyword.choices),
        )


def _fits(kind: str, value: Any) -> bool:
    if kind == "any":
        return True
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    scalar = not isinstance(value, (dict, list))
    if kind == "str":
        return scalar
    if kind == "bool":
        return isinstance(value, bool) or str(value).lower() in TRUE | FALSE
    if kind == "int":
        whole = number and math.isfinite(value) and value == int(value)
        return whole or (isinstance(value, str) and value.strip().lstrip("+-").isdigit())
    if kind == "number":
        return number or (isinstance(value, str) and bool(_NUMBER.match(value)))
    if kind == "serial":
        each = value if isinstance(value, list) else [value]
        return all(is_template(one) or bool(_PERCENT.match(str(one))) for one in each)
    if kind == "mapping":
        return isinstance(value, dict)
    if kind == "list":
        return isinstance(value, list)
    if kind == "environment":
        each = value if isinstance(value, list) else [value]
        return all(isinstance(one, dict) or is_template(one) for one in each)
    if kind == "names":
        return scalar or (isinstance(value, list) and not any(isinstance(x, dict) for x in value))
    each = value if isinstance(value, list) else [value]
    return all(not isinstance(one, (dict, list)) for one in each)
