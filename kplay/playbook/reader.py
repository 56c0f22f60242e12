"""Reads the files of a playbook, each once, and knows where they are sought."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic, Faults, suggest
from kplay.errors import InputError
from kplay.foreign.find import Places
from kplay.playbook import files, roles, tasks
from kplay.playbook.values import is_template, shown
from kplay.playbook.way import way_to
from kplay.source import Document, Sourced
from kplay.yaml_reader import load_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kplay.playbook.calls import Call
    from kplay.playbook.model import Block, Keywords, Node, Play, Role
    from kplay.playbook.scope import Scope
    from kplay.source import Opener, Span


class Reader:
    """Files as documents, tasks and tables of variables; faults go to the scope's."""

    def __init__(
        self,
        roles_path: Sequence[Path] = (),
        collections_path: Sequence[Path] = (),
        vault: Opener | None = None,
        *,
        libraries: Sequence[Path] = (),
        utilities: Sequence[Path] = (),
    ) -> None:
        self.roles_path = tuple(roles_path)
        self.collections_path = tuple(collections_path)
        self.vault = vault
        self.libraries = tuple(libraries)
        """Folders of modules, sought after those of the playbook and of roles."""
        self.utilities = tuple(utilities)
        self.roles: dict[Path, None] = {}
        """Folders of the roles that were read: what their libraries hold is the whole run's."""
        self.read: list[Path] = []
        """Playbook files read, imported ones included."""
        self.found: Callable[[Path], None] | None = None
        """Told of the folder of each playbook and role, before its templates are checked."""
        self.documents: dict[Path, Document | None] = {}
        """Every YAML file read; None where it could not be parsed."""

    def find_file(
        self,
        kind: str,
        name: str,
        role: Role | None,
        play: Play | None,
        *,
        beside: Path | None = None,
    ) -> Path | None:
        """The file that a task names, or None; ``kind`` is files, templates, vars or tasks."""
        return files.first(self.search_paths(kind, name, role, play, beside=beside))

    def search_paths(
        self,
        kind: str,
        name: str,
        role: Role | None,
        play: Play | None,
        *,
        beside: Path | None = None,
    ) -> list[Path]:
        """Every place where ``find_file`` looks, first to last; for the message."""
        directory = play.directory if play is not None else None
        return files.candidates(kind, name, role=role, directory=directory, beside=beside)

    def homes(self, directory: Path | None) -> tuple[Path, ...]:
        """Folders that hold ``ansible_collections``, that beside a playbook first."""
        beside = ((directory / "collections").absolute(),) if directory is not None else ()
        return (*beside, *self.collections_path)

    def places(self, scope: Scope) -> Places:
        """Where a task's module is sought that is not kplay's."""
        own = [scope.role.path] if scope.role is not None else []
        beside = [scope.directory] if scope.directory is not None else []
        folders = list(dict.fromkeys(one.absolute() for one in [*own, *beside, *self.roles]))
        return Places(
            (*(one / "library" for one in folders), *self.libraries),
            (*(one / "module_utils" for one in folders), *self.utilities),
            self.homes(scope.directory),
            tuple(scope.collections()),
        )

    def at(self, folder: Path, faults: Faults) -> None:
        """Note the folder of a playbook or a role, and the faults of what Python it brings."""
        if self.found is None:
            return
        try:
            self.found(folder)
        except InputError as error:
            for fault in error.diagnostics:
                faults.append(fault)

    def document(self, path: Path, scope: Scope, span: Span | None = None) -> Document | None:
        """A parsed file, or None with its faults noted; each file is read once."""
        if path not in self.documents:
            self.documents[path] = None
            try:
                self.documents[path] = load_file(path, self.vault)
            except InputError as error:
                for fault in error.diagnostics:
                    scope.faults.append(_placed(fault, span))
        return self.documents[path]

    def tasks_of(self, path: Path, span: Span | None, scope: Scope) -> list[Node]:
        """The nodes of a task file."""
        document = self.document(path, scope, span)
        if document is None:
            return []
        inner = scope.within(files=(*scope.files, (path, span)))
        before = len(scope.faults)
        nodes = tasks.read_list(self, document.root, inner)
        if len(scope.faults) > before:
            scope.faults.trace(before, way_to(scope.parent))
        return nodes

    def imported_tasks(self, target: Sourced, scope: Scope) -> list[Node]:
        """The nodes of a file that import_tasks names."""
        name = scope.fill(target.value)
        directory, beside = scope.directory, scope.beside
        path = files.first(
            files.candidates("tasks", name, role=scope.role, directory=directory, beside=beside)
        )
        if path is None and is_template(name):
            scope.faults.add(
                "late-name",
                "the file of a static import must be known when loading",
                target.span,
                notes=("known are -e, variables of play, role and block, and lookups",),
                help=("use `include_tasks` where a fact or a result decides",),
            )
            return []
        if path is None:
            sought = rewritten(target, name)
            self.missing(
                "tasks", sought, scope.faults, role=scope.role, play=scope.play, beside=beside
            )
            return []
        if any(path == one for one, _ in scope.files):
            way = " -> ".join(str(one) for one, _ in (*scope.files, (path, None)))
            scope.faults.add(
                "import-cycle",
                f"`{path}` imports itself",
                target.span,
                notes=(f"the way: {way}",),
                help=("use `include_tasks` with a `when` for a loop that ends",),
            )
            return []
        return self.tasks_of(path, target.span, scope)

    def role_by_call(self, call: Call, words: Keywords, scope: Scope) -> Block | None:
        """The block of an import_role."""
        name = call.args.get("name") or call.args.get("role")
        if name is None:
            return None
        public = call.args.value.get("public", True)
        parts = parts_of(call.args.value)
        return roles.unfold(
            self,
            name,
            scope,
            words,
            parts=parts,
            public=is_true(public),
            validate=is_true(call.args.value.get("rolespec_validate", True)),
            again=is_true(call.args.value.get("allow_duplicates", True)),
        )

    def role_files(
        self, role: Role, folder: str, part: str, name: Sourced, scope: Scope
    ) -> list[Path]:
        """The files of a role's part, with a fault noted when a named one is missing."""
        try:
            return [files.tidy(path) for path in files.part_of_role(role.path, folder, part)]
        except FileNotFoundError:
            there = role.path / folder
            known = [one.stem for one in there.iterdir()] if there.is_dir() else []
            scope.faults.add(
                "missing-file",
                f"the role `{role.name}` has no {folder} file `{part}`",
                name.span,
                notes=(f"looked in {there}",),
                help=suggest(part, known),
            )
            return []

    def role_table(
        self, role: Role, folder: str, part: str, name: Sourced, scope: Scope
    ) -> dict[str, Sourced]:
        """The variables of a role's defaults or vars."""
        table: dict[str, Sourced] = {}
        for path in self.role_files(role, folder, part, name, scope):
            table.update(self.table(path, scope, name.span))
        return table

    def table(self, path: Path, scope: Scope, span: Span | None) -> dict[str, Sourced]:
        """A file of variables."""
        document = self.document(path, scope, span)
        if document is None or document.data is None:
            return {}
        if not isinstance(document.data, dict):
            scope.faults.add(
                "bad-value",
                f"a file of variables is a mapping, not {shown(document.data)}",
                document.root.span,
            )
            return {}
        return dict(document.root.items())

    def sibling(self, name: str, target: Sourced, scope: Scope) -> Path | None:
        """A playbook beside the one that imports it."""
        path = files.tidy((scope.directory or Path()) / Path(name).expanduser())
        if path.is_file():
            return path
        scope.faults.add(
            "missing-file",
            f"no playbook at `{path}`",
            target.span,
            help=files.alike(path.name, files.neighbours([path])),
        )
        return None

    def missing(
        self,
        kind: str,
        name: Sourced,
        faults: Faults,
        *,
        role: Role | None,
        play: Play | None,
        beside: Path | None = None,
    ) -> None:
        """Note that a file is in none of the places where it is sought."""
        sought = self.search_paths(kind, str(name.value), role, play, beside=beside)
        known = files.neighbours(sought)
        faults.add(
            "missing-file",
            f"no file `{name.value}`",
            name.span,
            notes=tuple(f"not at {path}" for path in sought),
            help=files.alike(Path(str(name.value)).name, known),
        )


def parts_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The files that ``tasks_from`` and the like name."""
    return {
        part: str(given[f"{part}_from"])
        for part in ("tasks", "vars", "defaults", "handlers")
        if given.get(f"{part}_from")
    }


def is_true(value: Any) -> bool:
    """Whether a value is one of YAML's and Ansible's words for true."""
    return value is True or str(value).lower() in ("yes", "true", "on", "1")


def rewritten(written: Sourced, text: str) -> Sourced:
    """Rendered text in the place of the template that it comes from."""
    document = written.document
    return Document(document.file, document.text, text, {(): written.span}).root


def _placed(fault: Diagnostic, span: Span | None) -> Diagnostic:
    """A fault without a place gets that of whoever asked for the file."""
    if fault.span is not None or span is None:
        return fault
    return replace(fault, span=span)
