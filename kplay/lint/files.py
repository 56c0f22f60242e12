"""Rules on files that tasks name: missing ones, and templates that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Faults
from kplay.inventory.model import LOCALHOST
from kplay.lint import places, targets
from kplay.lint.model import Noted, Survey, beside
from kplay.playbook.model import effective
from kplay.playbook.templates import spoken
from kplay.playbook.values import is_template
from kplay.source import Span

if TYPE_CHECKING:
    from kplay.lint.model import Site
    from kplay.playbook.model import Task

_KINDS = {"copy": "files", "template": "templates", "unarchive": "files", "include_vars": "vars"}


def check(survey: Survey, noted: Noted) -> None:
    """Note files that are missing, and templates that do not parse."""
    seen: set[tuple[object, ...]] = set()
    for site, task in survey.tasks():
        if task.module in _KINDS:
            _sought(survey, noted, site, task, seen)
        if task.module == "template":
            for path in places.sources(survey, site, task):
                _template(noted, site, task, path)


def _sought(
    survey: Survey, noted: Noted, site: Site, task: Task, seen: set[tuple[object, ...]]
) -> None:
    kind = _KINDS[task.module]
    given = task.args.get("src") or task.args.get("file")
    if kind == "vars":
        given = task.args.get("file") or task.args.get("_raw")
    remote = task.args.value.get("remote_src")
    if given is None or (remote is not None and str(remote).lower() not in ("no", "false")):
        return
    names, complete = targets.names(site, given)
    for name in names if complete else ():
        path = Path(name).expanduser()
        key = (id(given.document), given.path, name, site.number, site.runs)
        # What an absolute path names may be made on the way
        if not name or path.is_absolute() or "://" in name or key in seen:
            continue
        seen.add(key)
        loader, where = survey.loader, beside(task)
        if loader.find_file(kind, name, task.role, site.play, beside=where) is not None:
            continue
        faults = Faults()
        sought = targets.named(given, name)
        loader.missing(kind, sought, faults, role=task.role, play=site.play, beside=where)
        alone = len(names) == 1 and not _made(survey, path.name)
        for fault in faults:
            noted.report(
                fault.code,
                fault.message,
                fault.span,
                certain=site.runs and alone,
                help=fault.help,
                notes=fault.notes,
            )


def _made(survey: Survey, name: str) -> bool:
    """Whether some task may make a file of this name on the controller."""
    for site, task in survey.tasks():
        target = effective(site.play, task, "delegate_to")
        way = effective(site.play, task, "connection")
        here = (
            target is not None and (is_template(target.value) or target.value in LOCALHOST)
        ) or (way is not None and way.value == "local")
        if here or task.module == "fetch" or str(site.play.hosts.value) in LOCALHOST:
            texts = [str(leaf.value) for leaf in places.leaves(task.args)]
            if any(name in text or "{{" in text for text in texts):
                return True
    return False


def _template(noted: Noted, site: Site, task: Task, path: Path) -> None:
    reading = places.file_reading(path, places.delimiters(task))
    if not reading.fault:
        return
    line = reading.line
    noted.report(
        "bad-template",
        f"not a valid template: {spoken(reading.fault)}",
        Span(str(path), line, 1, line, 10_000),
        certain=site.runs,
        notes=(f"read by `{task.name}` at {task.span.file}:{task.span.line}",),
    )
