"""Rules on conditions: braces in them, and texts that are no condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.lint import places
from kplay.lint.reading import WORDS
from kplay.playbook.model import Task
from kplay.playbook.templates import CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.lint.model import Noted, Site, Survey
    from kplay.source import Sourced

_MEANT = {word: str(word in ("yes", "on", "y")).lower() for word in WORDS}
_WHOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}\Z", re.DOTALL)


def check(survey: Survey, noted: Noted) -> None:
    """Note conditions that are written as something else."""
    for site in survey.sites:
        for name, leaf in _conditions(site):
            text = str(leaf.value).strip()
            if "{{" in text:
                whole = _WHOLE.match(text)
                plain = whole is not None and "{{" not in whole[1]
                noted.report(
                    "braces-in-condition",
                    f"`{name}` is an expression already, without `{{{{ }}}}`",
                    leaf.span,
                    certain=False,
                    help=(f"write `{whole[1]}`",) if plain and whole is not None else (),
                )
            elif text.lower() in WORDS:
                noted.report(
                    "text-as-condition",
                    f"`{name}` is the text `{text}`, which is read as the name of a variable",
                    leaf.span,
                    certain=True,
                    help=(f"write `{_MEANT[text.lower()]}`, without quotes",),
                )


def _conditions(site: Site) -> Iterator[tuple[str, Sourced]]:
    for name, value in site.node.keywords.items():
        if name in CONDITIONS:
            for leaf in places.leaves(value):
                yield name, leaf
    if isinstance(site.node, Task) and site.node.module == "assert":
        that = site.node.args.get("that")
        for leaf in places.leaves(that) if that is not None else ():
            yield "that", leaf
