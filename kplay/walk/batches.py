"""The batches of a play's hosts that ``serial`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.graph.unfold import FREE

if TYPE_CHECKING:
    from kplay.resolve.variables import VariableStore
    from kplay.walk.gates import PlayRun


def batches(run: PlayRun, store: VariableStore) -> list[list[str]]:
    """The play's hosts in batches as ``serial`` says; one batch without it.

    Raises:
        InputError: ``serial`` is no number, percentage or list of them.
    """
    hosts = list(run.strand.hosts)
    given = run.strand.play.keywords.get("serial")
    if given is None or (run.strand.strategy in FREE and given.value in (0, "0")):
        return [hosts]
    value = store.scope(run.strand.play, "localhost").template(given)
    sizes = value if isinstance(value, list) else [value]
    batches: list[list[str]] = []
    left = hosts
    for number in range(len(hosts)):
        if not left:
            break
        try:
            size = _batch_size(sizes[min(number, len(sizes) - 1)], len(hosts))
        except ValueError as error:
            message = f"`serial` is {value!r}, not a number, a percentage or a list of them"
            raise InputError(Diagnostic("bad-value", message, given.span)) from error
        batches.append(left[:size])
        left = left[size:]
    return batches or [[]]


def _batch_size(value: object, count: int) -> int:
    text = str(value).strip()
    if text.endswith("%"):
        return max(1, int(count * float(text[:-1]) / 100))
    size = int(text)
    return size if size > 0 else max(1, count)
