"""Takes secrets out of everything that leaves the process: reports, journals, logs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kplay.modules.secret_names import is_secret_key
from kplay.walk.events import Drifted, RunEnded, StepEnded, StepOutput

if TYPE_CHECKING:
    from kplay.walk.events import Event

MASK = "********"
CENSORED = "the output is hidden because `no_log: true` is set for this task"
SHORTEST = 4
"""A shorter secret would also take out parts of ordinary words."""

_SHOWN_ALWAYS = frozenset(
    {"action", "changed", "failed", "skipped", "rc", "attempts", "unreachable"}
)


@dataclass
class Redactor:
    """Replaces secrets; ``secrets`` may grow while a run goes on."""

    secrets: set[str] = field(default_factory=set)
    _pattern: re.Pattern[str] | None = field(default=None, repr=False)
    _known: int = field(default=-1, repr=False)

    def text(self, text: str) -> str:
        """The text with every secret masked, in all the forms that JSON gives it."""
        pattern = self._compiled()
        return pattern.sub(MASK, text) if pattern is not None else text

    def value(self, value: Any) -> Any:
        """JSON-ready data with secrets masked: known ones, and those that their key gives away."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.value(key): self._under(key, one) if isinstance(key, str) else self.value(one)
                for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        if isinstance(value, int | float) and str(value) in self.secrets:
            return MASK
        return value

    def holds(self, value: Any) -> bool:
        """Whether JSON-ready data hold a known secret."""
        pattern = self._compiled()
        return pattern is not None and bool(pattern.search(json.dumps(value, default=str)))

    def event(self, event: Event) -> Event:
        """The event with secrets masked; results under no_log are censored."""
        if isinstance(event, StepEnded):
            hidden = event.result.get("_ansible_no_log") is True or "censored" in event.result
            return replace(
                event,
                place=self._place(event.place),
                result=_censored(event.result) if hidden else self.value(event.result),
                diff=[] if hidden else self.value(event.diff),
                causes=self.value(event.causes),
                reason=self.text(event.reason),
            )
        if isinstance(event, Drifted):
            rows = [{**row, **self._field(row)} for row in event.fields]
            return replace(
                event,
                place=self._place(event.place),
                found=self.text(event.found),
                behind=self.text(event.behind),
                fields=rows,
                diff=self.value(event.diff),
            )
        if isinstance(event, StepOutput):
            return replace(event, place=self._place(event.place), text=self.text(event.text))
        if isinstance(event, RunEnded):
            return replace(event, custom=self.value(event.custom))
        changes: dict[str, Any] = {}
        for name in ("message", "place"):
            given = getattr(event, name, None)
            if given is not None:
                changes[name] = self.text(given) if isinstance(given, str) else self._place(given)
        return replace(event, **changes) if changes else event

    def _field(self, row: dict[str, str]) -> dict[str, str]:
        """The values of a field, under its name."""
        sides = (side for side in ("planned", "found") if side in row)
        return {side: str(self._under(row["field"], row[side])) for side in sides}

    def _place(self, place: Any) -> Any:
        names = ("task", "item", "play")
        return replace(place, **{name: self.text(getattr(place, name)) for name in names})

    def _under(self, key: str, value: Any) -> Any:
        if (
            is_secret_key(key)
            and isinstance(value, str | int | float)
            and value not in ("", True, False)
        ):
            return MASK
        return self.value(value)

    def _compiled(self) -> re.Pattern[str] | None:
        if len(self.secrets) != self._known:
            known = list(self.secrets)
            forms = {form for one in known for form in _forms(one)}
            words = sorted(forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, words))) if words else None
            self._known = len(known)
        return self._pattern


def _forms(secret: str) -> set[str]:
    """The secret as written, as JSON writes it (twice nested too), and each of its long lines."""
    whole = {secret, secret.strip()}
    if "\n" in secret:
        # A report may show text line by line; short lines are too common to hide.
        whole |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= 16}
    forms = set(whole)
    for text in whole:
        for ascii_only in (True, False):
            once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            forms |= {once, json.dumps(once, ensure_ascii=ascii_only)[1:-1]}
    return {form for form in forms if len(form) >= SHORTEST}


def _censored(result: dict[str, Any]) -> dict[str, Any]:
    kept = {key: result[key] for key in result if key in _SHOWN_ALWAYS}
    return {**kept, "censored": CENSORED}
