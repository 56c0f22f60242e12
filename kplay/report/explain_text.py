"""Shows where a variable's value comes from, as text and as JSON, with secrets masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kplay.modules.secret_names import is_secret_key
from kplay.redaction import MASK, Redactor
from kplay.resolve.precedence import Layer
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kplay.graph.explain import Entry, Explanation, Rendered

_WIDEST = 72


def to_json(found: Iterable[Explanation], secrets: Iterable[str]) -> list[dict[str, Any]]:
    """One entry a play, definitions the lowest first."""
    redactor = Redactor(set(secrets))
    return [_plain(one, _is_secret(one), redactor) for one in found]


def to_text(found: Iterable[Explanation], secrets: Iterable[str]) -> str:
    """A paragraph for each play that makes something else of the variable."""
    redactor = Redactor(set(secrets))
    shown: dict[str, list[str]] = {}
    for one in found:
        text = _paragraph(one, _is_secret(one), redactor)
        shown.setdefault(text, []).append(one.play)
    several = len(shown) > 1
    parts = []
    for text, plays in shown.items():
        heads = [f"in the play `{play}`:" for play in plays if play] if several else []
        parts.append("\n".join([*heads, text]))
    return "\n\n".join(parts)


def _is_secret(one: Explanation) -> bool:
    """Whether its values are hidden: by the name, or because the winner is encrypted."""
    last = one.name.rpartition(".")[2].rstrip("]'\"")
    names = (one.name.partition(".")[0], last)
    return any(map(is_secret_key, names)) or any(entry.is_vaulted for entry in one.entries)


def _paragraph(one: Explanation, secret: bool, redactor: Redactor) -> str:
    kind = {"variable": "", "magic": "  (kplay's own)", "fact": "  (a fact)"}[one.kind]
    value = _value(one.value, secret, redactor)
    if one.value.problem and not one.entries:
        value = "not defined before a run" + ("" if one.later else f": {one.value.problem}")
    lines = [f"{one.name} on {one.host}: {value}{kind}"]
    if one.why:
        lines.append(f"  {one.why}")
    if one.entries:
        lines += ["", "defined by, the strongest first:"]
        for number, entry in enumerate(reversed(one.entries)):
            lines += _lines(entry, secret, redactor, mark=">" if number == 0 else " ")
    if one.later:
        lines += ["", "in a part of the play, or from a task on:"]
        top = one.entries[-1].layer if one.entries else None
        for entry in one.later:
            lines += _lines(entry, secret, redactor, mark=" ", top=top)
    if one.unread:
        lines += ["", f"{one.unread} includes are read when the play runs; they may set it too"]
    return "\n".join(lines)


def _lines(
    entry: Entry, secret: bool, redactor: Redactor, *, mark: str, top: Layer | None = None
) -> list[str]:
    place = f"  {entry.span.file}:{entry.span.line}" if entry.span is not None else ""
    owner = f", {entry.owner}" if entry.owner else ""
    loses = top is not None and entry.layer < top
    note = "  (loses)" if loses else ""
    lines = [f"{mark} {int(entry.layer):>2} {entry.layer.title}{owner}{place}{note}"]
    if entry.span is not None and entry.rendered.problem == "known when it has run":
        return [*lines, f"       {entry.written}, {entry.rendered.problem}"]
    if entry.layer is not Layer.MAGIC:
        lines.append(f"       {_written(entry, secret, redactor)}")
    if entry.is_template and not secret:
        lines.append(f"       = {_value(entry.rendered, secret, redactor)}")
    return lines


def _written(entry: Entry, secret: bool, redactor: Redactor) -> str:
    if entry.is_vaulted:
        return "(encrypted with ansible-vault)"
    return MASK if secret else _short(redactor.value(_plain_data(entry.written)))


def _value(rendered: Rendered, secret: bool, redactor: Redactor) -> str:
    if rendered.problem:
        return f"({redactor.text(rendered.problem)})"
    return MASK if secret else _short(redactor.value(_plain_data(rendered.value)))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _plain_data(value: Any) -> Any:
    return json.loads(json.dumps(value, default=_named))


def _named(value: Any) -> Any:
    from collections.abc import Mapping

    if isinstance(value, Unknown):
        return f"({'; '.join(value.causes)})"
    return f"(a mapping of {len(value)})" if isinstance(value, Mapping) else str(value)


def _plain(one: Explanation, secret: bool, redactor: Redactor) -> dict[str, Any]:
    return {
        "name": one.name,
        "host": one.host,
        "play": one.play or None,
        "kind": one.kind,
        "secret": secret,
        **_outcome(one.value, secret, redactor),
        "why": one.why or None,
        "definitions": [_entry_json(entry, secret, redactor) for entry in one.entries],
        "later": [_entry_json(entry, secret, redactor) for entry in one.later],
        "unread_includes": one.unread,
    }


def _outcome(rendered: Rendered, secret: bool, redactor: Redactor) -> dict[str, Any]:
    if rendered.problem:
        return {"value": None, "problem": redactor.text(rendered.problem)}
    return {"value": MASK if secret else redactor.value(_plain_data(rendered.value))}


def _entry_json(entry: Entry, secret: bool, redactor: Redactor) -> dict[str, Any]:
    hidden = secret or entry.is_vaulted
    written = MASK if hidden else redactor.value(_plain_data(entry.written))
    return {
        "level": int(entry.layer),
        "level_name": entry.layer.title,
        "owner": entry.owner or None,
        "file": entry.span.file if entry.span is not None else None,
        "line": entry.span.line if entry.span is not None else None,
        "written": written,
        "template": entry.is_template,
        **_outcome(entry.rendered, hidden, redactor),
    }
