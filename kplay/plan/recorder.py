"""Keeps what every step of a plan observed and wanted, as digests that give no secret away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.agent.agreed import digest
from kplay.modules import schema
from kplay.modules.secret_names import is_secret_key
from kplay.walk.agreed import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kplay.redaction import Redactor
    from kplay.walk.events import StepEnded


class Recorder:
    """Takes raw results while planning; makes the ``calls`` of a plan file at the end.

    Which values are secret is known only then: a vault may be opened after its text was seen.
    """

    def __init__(self) -> None:
        self._raws: dict[str, tuple[dict[str, Any], bool]] = {}
        self._twice: set[str] = set()

    def keep(self, step: str, raw: dict[str, Any], *, no_log: bool) -> None:
        """Take the raw result of a call."""
        kept = {name: raw.get(name) for name in ("action", "failed", "before", "after")}
        if kept["action"] in ("none", None) and not kept["failed"] and step not in self._raws:
            return
        if step in self._raws and self._raws[step][0] != kept:
            self._twice.add(step)
        self._raws[step] = (kept, no_log)

    def calls(
        self, name: Callable[[str], str], redactor: Redactor, key: bytes
    ) -> dict[str, dict[str, Any]]:
        """By id of the call: action, and digests of the fields that change."""
        made = {}
        for step, (raw, no_log) in self._raws.items():
            unsure = step in self._twice
            call: dict[str, Any] = {"action": "unknown" if unsure else raw["action"]}
            if raw["failed"]:
                call["failed"] = True
            if call["action"] not in ("unknown", "none"):
                call |= _fields(raw, redactor, key, no_log=no_log)
            made[name(step)] = call
        return made


def _fields(raw: dict[str, Any], redactor: Redactor, key: bytes, *, no_log: bool) -> dict[str, Any]:
    before, after = raw["before"] or {}, raw["after"] or {}
    named = any(is_secret_key(name) for name in (*before, *after))
    if no_log or named or redactor.holds([before, after]):
        if schema.unknown([before, after]):
            return {"untold": True}
        return {"hidden": digest([before, after], key, slow=True)}
    sides = {"before": before, "after": after}
    return {
        **{side: _digests(fields, key) for side, fields in sides.items()},
        "values": redactor.value({side: _values(fields) for side, fields in sides.items()}),
    }


def _digests(fields: dict[str, Any], key: bytes) -> dict[str, str | None]:
    return {
        name: None if schema.unknown(value) else digest([name, value], key)
        for name, value in fields.items()
    }


def _values(fields: dict[str, Any]) -> dict[str, str]:
    told = {name: shown(value) for name, value in fields.items() if not schema.unknown(value)}
    return {name: text for name, text in told.items() if text is not None}


def open_steps(steps: Iterable[StepEnded], name: Callable[[str], str]) -> list[str]:
    """Ids of the steps of which a plan cannot tell what they do."""
    unsure = (one for one in steps if not one.loop and (one.conditional or one.action == "unknown"))
    return sorted({name(one.place.step) for one in unsure})
