"""Lints playbooks: reads them as a run would, then asks every family of rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import InputError, UsageError
from kplay.execute import prepare
from kplay.execute.unread import unread, unread_in_inventory
from kplay.inventory.model import Inventory
from kplay.lint import (
    conditions,
    files,
    forms,
    handlers,
    model,
    places,
    selection,
    settings,
    suppression,
    variables,
)
from kplay.lint.model import Noted, Survey
from kplay.lint.survey import Surveyor
from kplay.playbook.files import tidy
from kplay.playbook.project import Project
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.diagnostics import Diagnostic
    from kplay.execute.options import RunOptions
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Play, Playbook
    from kplay.source import Sourced, Span
    from kplay.vault.keyring import Keyring

FAMILIES: tuple[Callable[[Survey, Noted], None], ...] = (
    variables.check,
    forms.check,
    conditions.check,
    handlers.check,
    selection.check,
    files.check,
    settings.check,
)


_SEALED = frozenset({"no-vault-password", "wrong-vault-password", "damaged-vault"})
_HOLES = _SEALED | {"unknown-role", "unreadable-file", "yaml-syntax", "tab-in-yaml", "late-name"}
"""What hides a file or a role, and all that it may define."""


@dataclass(frozen=True, slots=True)
class Report:
    """What lint found, sorted by place, and how many files it read."""

    found: tuple[Diagnostic, ...]
    files: int

    @property
    def errors(self) -> int:
        """How many findings are certain."""
        return sum(one.severity == "error" for one in self.found)

    @property
    def warnings(self) -> int:
        """How many findings are possible."""
        return len(self.found) - self.errors


def lint(options: RunOptions, *, strict: bool = False) -> Report:
    """Everything that can be said of playbooks; touches no host.

    Args:
        options: playbooks, inventory, extra vars and tags, as for a run.
        strict: whether to look for matters of form, too.

    Raises:
        UsageError: the command line itself is wrong.
    """
    for forget in (places.forget, suppression.forget, model.forget):
        forget()
    noted = Noted()
    vault = prepare.keyring(options)
    extra = prepare.extra_vars(options.extra_vars, vault)
    inventory = _inventory(options, vault, noted)
    loader = prepare.make_loader(options, extra, inventory or Inventory(), vault)
    playbook = loader.survey([_playbook(loader, path) for path in options.playbooks], noted)
    cfg = options.ansible_cfg
    survey = Survey(
        loader,
        playbook,
        inventory,
        cfg,
        extra,
        options.tags,
        options.skip_tags,
        Project(_folders(options, playbook)),
        become=bool(options.become),
        strict=strict,
        made_up=any(path.is_dir() for path in options.playbooks),
    )
    if inventory is not None:
        _place(survey, inventory, options, vault, noted)
    else:
        survey.beside = [prepare.provided(), *_beside(survey)]
    _graph(survey, noted)
    Surveyor(survey, noted).walk()
    survey.incomplete = any(one.code in _HOLES for one in noted)
    _late_faults(survey, noted)
    for family in FAMILIES:
        family(survey, noted)
    if inventory is not None and not survey.incomplete:
        for one in unread(options.extra_vars, playbook, inventory, extra, loader):
            noted.append(one)
        for one in unread_in_inventory(playbook, inventory, extra, loader):
            noted.append(one)
    found = {_shortened(_softened(one)): None for one in noted if suppression.kept(one)}
    read = len(survey.documents())
    return Report(tuple(sorted(_once(found), key=_order)), read)


def _softened(fault: Diagnostic) -> Diagnostic:
    """What is encrypted need not be wrong: a run that has the password reads it."""
    if fault.code != "no-vault-password":
        return fault
    return replace(fault, severity="warning")


def _inventory(options: RunOptions, vault: Keyring, noted: Noted) -> Inventory | None:
    try:
        return prepare.load_inventory(options, vault)
    except UsageError:
        return None
    except InputError as error:
        noted.absorb(error)
        return None


def _playbook(loader: Loader, path: Path) -> Path:
    """A playbook file; for the folder of a role, one that is not on disk and uses the role."""
    role = path.resolve()
    if not (role / "tasks").is_dir():
        return path
    made = tidy(role.parent / f"<{role.name}>")
    text = f"- hosts: all\n  roles: [{json.dumps(role.name)}]\n"
    loader.documents[made] = load_text(text, f"<role {role.name}>")
    return made


def _beside(survey: Survey) -> Iterator[dict[str, Sourced]]:
    """Without an inventory: the variables of every group and host, whichever there are."""
    folders = {play.directory for play in survey.playbook.plays if play.directory is not None}
    for folder in sorted(folders):
        for kind in ("group_vars", "host_vars"):
            for path in sorted((folder / kind).glob("*")):
                yield from _variables(survey, path)


def _grown(survey: Survey, inventory: Inventory) -> Iterator[dict[str, Sourced]]:
    """The variables of groups that only tasks of the playbook make."""
    folders = {play.directory for play in survey.playbook.plays if play.directory is not None}
    folders |= {one if one.is_dir() else one.parent for one in inventory.sources}
    for folder in sorted(folders):
        for path in sorted((folder / "group_vars").glob("*")):
            if path.stem in survey.expected and path.stem not in inventory.groups:
                yield from _variables(survey, path)


def _variables(survey: Survey, path: Path) -> Iterator[dict[str, Sourced]]:
    for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
        if file.is_file() and file.suffix in ("", ".yml", ".yaml", ".json"):
            try:
                yield survey.loader.load_variables(file)
            except InputError:
                continue


def _place(
    survey: Survey, inventory: Inventory, options: RunOptions, vault: Keyring, noted: Noted
) -> None:
    """The files beside the playbooks, and the hosts of each play."""
    from kplay.resolve.variables import VariableStore
    from kplay.walk.chosen import expected_names, play_hosts

    plays = survey.playbook.plays
    directory = plays[0].directory if plays else None
    try:
        prepare.complete(inventory, directory, vault)
    except InputError as error:
        noted.absorb(error)
    store = VariableStore(inventory, directory, dict(survey.extra), vault=vault)
    expected = survey.expected = expected_names(survey.playbook)
    survey.beside += _grown(survey, inventory)
    for number, play in enumerate(plays):
        try:
            survey.hosts[number] = play_hosts(play, store, options.limit, expected)
        except InputError as error:
            if not play.prompts:  # whose answers may name the hosts
                noted.absorb(error)


def _graph(survey: Survey, noted: Noted) -> None:
    """Needs that name nothing, and cycles."""
    from kplay.graph.build import build

    plays = survey.playbook.plays
    try:
        build(survey.playbook, [survey.hosts.get(number, []) for number in range(len(plays))])
    except InputError as error:
        noted.absorb(error)


def _late_faults(survey: Survey, noted: Noted) -> None:
    """Faults in arguments of tasks that a run may pass by."""
    for _, task in survey.tasks():
        for fault in task.faults:
            noted.append(replace(fault, severity="warning"))


def _is_lab(folder: Path) -> bool:
    """Whether a folder is that of a lab which is up: the disks of its hosts lie in it, too."""
    return all((folder / name).is_file() for name in ("lab.yml", "inventory.yml", "known_hosts"))


def _folders(options: RunOptions, playbook: Playbook) -> set[Path]:
    found = {path if path.is_dir() else path.parent for path in options.playbooks}
    found |= {Path(play.span.file).parent for play in playbook.plays if play.span.file[0] != "<"}
    for name in options.inventory or options.ansible_cfg.get("inventory", ()):
        path = Path(str(name))
        if path.exists() and not _is_lab(path.parent):
            found.add(path if path.is_dir() else path.parent)
    found |= {Path(one) for one in options.ansible_cfg.roles_path}
    return found | {path for play in playbook.plays for path in _roles(play)}


def _roles(play: Play) -> set[Path]:
    from kplay.resolve.statics import play_roles

    return {role.path for role in play_roles(play)}


def _once(found: dict[Diagnostic, None]) -> list[Diagnostic]:
    """Of findings with the same code and place the gravest, the first of those."""
    kept: dict[tuple[str, Span | None, str], Diagnostic] = {}
    for one in found:
        key = (one.code, one.span, one.message if one.span is None else "")
        other = kept.get(key)
        if other is None or (other.severity != "error" and one.severity == "error"):
            kept[key] = one
    return list(kept.values())


def _shortened(one: Diagnostic) -> Diagnostic:
    """With paths from where the user stands."""
    here = f"{Path.cwd()}/"
    notes = tuple(note.replace(here, "") for note in one.notes)
    span = one.span
    if span is not None and span.file.startswith(here):
        span = span._replace(file=span.file.removeprefix(here))
    return replace(one, span=span, notes=notes)


def _order(one: Diagnostic) -> tuple[str, int, int, str]:
    if one.span is None:
        return ("", 0, 0, one.code)
    return (one.span.file, one.span.line, one.span.column, one.code)
