"""Rules on handlers: those that nothing notifies, and names that nothing hears."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.lint import places
from kplay.playbook.model import Block
from kplay.playbook.values import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.lint.model import Noted, Site, Survey
    from kplay.source import Sourced

_HOLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def check(survey: Survey, noted: Noted) -> None:
    """Note handlers and notifies that do not find each other."""
    notified: dict[int, list[Sourced]] = {}
    handlers: dict[int, list[Site]] = {}
    for site in survey.sites:
        given = site.node.keywords.get("notify")
        if given is not None:
            notified.setdefault(site.number, []).extend(places.leaves(given))
        if site.handler and not isinstance(site.node, Block):
            handlers.setdefault(site.number, []).append(site)
    every = [str(one.value) for names in notified.values() for one in names]
    for sites in handlers.values():
        for site in sites:
            _handler(survey, noted, site, every)
    for number, names in notified.items():
        topics = {name for site in handlers.get(number, ()) for name in _topics(site)}
        for one in names:
            _notify(survey, noted, one, topics)


def _topics(site: Site) -> Iterator[str]:
    """The names under which a handler is notified."""
    name = site.node.keywords.get("name")
    if name is not None:
        yield str(name.value)
        if site.node.role is not None:
            yield f"{site.node.role.name} : {name.value}"
    listen = site.node.keywords.get("listen")
    if listen is not None:
        yield from (str(leaf.value) for leaf in places.leaves(listen))


def _handler(survey: Survey, noted: Noted, site: Site, notified: list[str]) -> None:
    given = site.node.keywords.get("name") or site.node.keywords.get("listen")
    topics = list(_topics(site))
    if given is None or site.includes or any(map(is_template, topics)):
        return
    if any(_meets(name, topic) for name in notified for topic in topics):
        return
    # A role's handler may be for a file that no play of these reaches
    if any(survey.project.mentions(topic.rpartition(" : ")[2]) > 1 for topic in topics):
        return
    noted.report(
        "unused-handler", f"nothing notifies the handler `{topics[0]}`", given.span, certain=False
    )


def _notify(survey: Survey, noted: Noted, one: Sourced, topics: set[str]) -> None:
    name = str(one.value)
    if is_template(name) or any(_meets(name, topic) for topic in topics):
        return
    # The message of loading is the same: where it can be certain, it has been given
    if survey.project.mentions(name.rpartition(" : ")[2]) > 1:
        return
    noted.report(
        "unheard-notify",
        f"no handler in sight is named `{name}`",
        one.span,
        certain=False,
        help=suggest(name, topics),
    )


def _meets(name: str, topic: str) -> bool:
    """Whether a notified name may be that of a handler; each template stands for anything."""
    if not is_template(name) and not is_template(topic):
        return name == topic
    if is_template(name) and is_template(topic):
        return True
    template, plain = (name, topic) if is_template(name) else (topic, name)
    parts = [re.escape(part) for part in _HOLE.split(template)]
    return re.fullmatch(".*".join(parts), plain, re.DOTALL) is not None
