"""Rules on how tasks are run: become, run_once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.modules import catalog
from kplay.playbook.model import Block, Task, effective, lineage

if TYPE_CHECKING:
    from kplay.lint.model import Noted, Site, Survey
    from kplay.playbook.model import Node

_NO = (None, False, "no", "false")


def check(survey: Survey, noted: Noted) -> None:
    """Note settings that do nothing, or not what they seem to."""
    become = survey.become or survey.project.mentions("ansible_become") > 0
    for site in survey.sites:
        if not become:
            _become(noted, site)
        _once(noted, site)


def _become(noted: Noted, site: Site) -> None:
    if isinstance(site.node, Block):
        return
    user = effective(site.play, site.node, "become_user")
    if user is None or effective(site.play, site.node, "become") is not None:
        return
    outer: list[Node] = [*site.includes]
    outer += [block for include in site.includes for block in lineage(include)]
    if any("become" in one.keywords for one in outer):
        return
    noted.report(
        "become-user-alone",
        f"`become_user: {user.value}` does nothing without `become`",
        user.key_span,
        certain=False,
        help=("add `become: true`",),
    )


def _once(noted: Noted, site: Site) -> None:
    node = site.node
    serial = site.play.keywords.get("serial")
    if serial is None or serial.value in (*_NO, 0, "0", "100%", [0], ["100%"]):
        return
    if not isinstance(node, Task):
        return
    once = effective(site.play, node, "run_once")
    module = catalog.find(node.module)
    if once is None or once.value in _NO or module is None or module.kind != "action":
        return
    guarded = any(guard in node.args.value for guard in module.guards)
    changed = node.keywords.get("changed_when")
    if guarded or (changed is not None and changed.value in _NO) or "when" in node.keywords:
        return
    noted.report(
        "run-once-per-batch",
        "`run_once` in a play with `serial` runs once for each batch, not once",
        once.key_span,
        certain=False,
        help=("`when: inventory_hostname == ansible_play_hosts_all[0]` runs it once",),
        notes=(f"`serial` is written at {serial.span.file}:{serial.span.line}",),
    )
