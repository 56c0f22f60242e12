"""Rules on what is chosen: tags of the command line, hosts of plays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.graph.tags import tags_of
from kplay.playbook.values import is_template

if TYPE_CHECKING:
    from kplay.lint.model import Noted, Survey

_SPECIAL = frozenset({"all", "always", "never", "tagged", "untagged"})


def check(survey: Survey, noted: Noted) -> None:
    """Note tags that no task bears, and plays without hosts.

    A pattern that takes hosts away or crosses groups may well be left with none:
    `server:!server[0]` is every other server, of which a small site has none.
    """
    _tags(survey, noted)
    if survey.inventory is None:
        return
    for number, play in enumerate(survey.playbook.plays):
        pattern = str(play.hosts.value)
        grown = any(word in survey.expected for word in re.findall(r"[\w.-]+", pattern))
        narrowed = re.search(r"[:,][!&]", pattern)
        if not (survey.hosts.get(number) or is_template(pattern) or grown or narrowed):
            noted.report(
                "no-hosts",
                f"no host of the inventory is in `{pattern}`",
                play.hosts.span,
                certain=False,
            )


def _tags(survey: Survey, noted: Noted) -> None:
    asked = [("--tags", tag) for tag in survey.tags]
    asked += [("--skip-tags", tag) for tag in survey.skip_tags]
    if not asked:
        return
    known = {tag for site in survey.sites for tag in tags_of(site.play, site.node)}
    if any(map(is_template, known)):
        return
    for option, tag in asked:
        if tag not in known and tag not in _SPECIAL:
            noted.report(
                "unknown-tag",
                f"no task has the tag `{tag}` of {option}",
                None,
                certain=False,
                help=suggest(tag, known),
                notes=("an include whose name only a run can tell may bring it",)
                if survey.opaque
                else (),
            )
