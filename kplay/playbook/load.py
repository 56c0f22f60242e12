"""Loads playbooks: the entry to this package, for a whole run and for each include in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic, Faults, suggest
from kplay.errors import InputError
from kplay.playbook import files, keywords, plays, roles, tasks
from kplay.playbook.model import Block, Play, Playbook
from kplay.playbook.scope import Scope
from kplay.playbook.templates import check_nodes, check_templates
from kplay.playbook.values import is_template, read_keywords, shown
from kplay.source import Document, Sourced, load_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kplay.playbook.calls import Call
    from kplay.playbook.model import Include, Keywords, Node, Role
    from kplay.source import Span


def load(
    paths: Sequence[Path],
    *,
    roles_path: Sequence[Path] = (),
    extra_vars: Mapping[str, Any] | None = None,
    filters: Collection[str] | None = None,
    tests: Collection[str] | None = None,
) -> Playbook:
    """The plays of playbook files, in order, with every fault of all of them reported at once.

    Args:
        paths: playbook files.
        roles_path: folders of roles, sought after ``roles/`` beside the playbook.
        extra_vars: plain variables of the command line, for names of static imports.
        filters: names of the filters that templates may use; None leaves them unchecked.
        tests: names of the tests that templates may use; None leaves them unchecked.

    Raises:
        InputError: anything written that cannot be run; one diagnostic per fault.
    """
    loader = Loader(roles_path=roles_path, extra_vars=extra_vars, filters=filters, tests=tests)
    return loader.playbook(paths)


class Loader:
    """Reads files of a run, each once, and unfolds includes while the run goes on."""

    def __init__(
        self,
        *,
        roles_path: Sequence[Path] = (),
        extra_vars: Mapping[str, Any] | None = None,
        filters: Collection[str] | None = None,
        tests: Collection[str] | None = None,
    ) -> None:
        self.roles_path = tuple(roles_path)
        self.extra_vars = dict(extra_vars or {})
        self.filters = filters
        """Names of the filters that templates may use; None leaves them unchecked."""
        self.tests = tests
        self.read: list[Path] = []
        """Playbook files read, imported ones included."""
        self._documents: dict[Path, Document | None] = {}

    def playbook(self, paths: Sequence[Path]) -> Playbook:
        """The plays of playbook files, as ``load`` gives them."""
        faults = Faults()
        scope = Scope(faults, extra=self.extra_vars)
        found: list[Play] = []
        for path in paths:
            found += plays.read_playbook(self, files.tidy(path), None, scope)
        playbook = Playbook(found, list(self.read))
        for fault in check_templates(playbook, filters=self.filters, tests=self.tests):
            faults.append(fault)
        faults.settle()
        return playbook

    # What a run asks for

    def load_tasks(
        self,
        path: Path,
        parent: Block | None,
        role: Role | None,
        *,
        play: Play | None = None,
        handler: bool = False,
        span: Span | None = None,
    ) -> list[Node]:
        """The nodes of a task file that an include names, static imports in it unfolded.

        Raises:
            InputError: the file is missing, or holds what cannot be run.
        """
        scope = self._late(play, parent, role).within(handler=handler)
        nodes = self.tasks_of(path, span, scope)
        self._check(nodes, scope)
        return nodes

    def load_role(
        self,
        name: str,
        include: Include,
        play: Play,
        *,
        arguments: Mapping[str, Any] | None = None,
        parent: Block | None = None,
    ) -> Block:
        """The block of an include_role; its handlers are in ``block.role.handlers``.

        Args:
            name: the role's name, rendered.
            include: the task that includes it.
            play: where it stands.
            arguments: its other arguments, rendered (tasks_from, public …).
            parent: the block to hang it under, by default the include's own.

        Raises:
            InputError: no such role, or it holds what cannot be run.
        """
        given = dict(arguments if arguments is not None else include.args.value)
        scope = self._late(play, parent or include.parent, include.role)
        written = include.args.get("name") or include.args.get("role") or include.args
        sourced = _rewritten(written, name)
        words = self._applied(include, scope.faults)
        block = roles.unfold(
            self, sourced, scope, words, parts=_parts(given), public=_true(given.get("public"))
        )
        if block is not None:
            self._check([block, *(block.role.handlers if block.role else [])], scope)
        scope.faults.settle()
        if block is None:  # pragma: no cover - unfold notes a fault whenever it gives nothing
            raise InputError(Diagnostic("unknown-role", f"no role named `{name}`", include.span))
        return block

    def expand(
        self, include: Include, play: Play, target: str, arguments: Mapping[str, Any] | None = None
    ) -> Block:
        """What an include brings in, as one block under the include's own parent.

        The block carries the include's ``vars`` and what stands under ``apply``; the include's own
        ``when`` and ``tags`` decide on the include and are not handed on, as in Ansible.

        Args:
            include: the include that a host has reached.
            play: its play.
            target: the rendered file or role name.
            arguments: the other arguments, rendered.

        Raises:
            InputError: no such file or role, or it holds what cannot be run.
        """
        if include.kind == "role":
            return self.load_role(target, include, play, arguments=arguments)
        faults = Faults()
        beside = Path(include.span.file).parent
        path = self.find_file("tasks", target, include.role, play, beside=beside)
        if path is None:
            written = include.args.get("file") or include.args
            sought = _rewritten(written, target)
            self.missing("tasks", sought, faults, role=include.role, play=play, beside=beside)
            faults.settle()
        words = self._applied(include, faults)
        faults.settle()
        block = Block(words, include.span, role=include.role, parent=include.parent, kind="import")
        block.tasks += self.load_tasks(
            path or Path(target),
            block,
            include.role,
            play=play,
            handler=include.handler,
            span=include.span,
        )
        return block

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

    def load_variables(self, path: Path) -> dict[str, Sourced]:
        """The variables of a vars file.

        Raises:
            InputError: the file is missing, or no mapping.
        """
        scope = Scope(Faults())
        table = self.table(path, scope, None)
        scope.faults.settle()
        return table

    # What the readers of this package ask for

    def document(self, path: Path, scope: Scope, span: Span | None = None) -> Document | None:
        """A parsed file, or None with its faults noted; each file is read once."""
        if path not in self._documents:
            self._documents[path] = None
            try:
                self._documents[path] = load_file(path)
            except InputError as error:
                for fault in error.diagnostics:
                    scope.faults.append(_placed(fault, span))
        return self._documents[path]

    def tasks_of(self, path: Path, span: Span | None, scope: Scope) -> list[Node]:
        """The nodes of a task file."""
        document = self.document(path, scope, span)
        if document is None:
            return []
        inner = scope.within(files=(*scope.files, (path, span)))
        return tasks.read_list(self, document.root, inner)

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
                notes=("templates may use variables of -e, the play and the block, as plain text",),
                help=("use `include_tasks` where a fact or a result decides",),
            )
            return []
        if path is None:
            sought = _rewritten(target, name)
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
        parts = _parts(call.args.value)
        return roles.unfold(self, name, scope, words, parts=parts, public=_true(public))

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

    def _late(self, play: Play | None, parent: Block | None, role: Role | None) -> Scope:
        directory = play.directory if play is not None else None
        return Scope(
            Faults(),
            play=play,
            directory=directory,
            role=role,
            parent=parent,
            extra=self.extra_vars,
            static=False,
        )

    def _check(self, nodes: list[Node], scope: Scope) -> None:
        for fault in check_nodes(nodes, filters=self.filters, tests=self.tests):
            scope.faults.append(fault)
        scope.faults.settle()

    def _applied(self, include: Include, faults: Faults) -> Keywords:
        words: Keywords = {}
        applied = include.args.get("apply")
        if applied is not None and isinstance(applied.value, dict):
            words.update(read_keywords(applied, keywords.BLOCK, faults, set()))
        if "vars" in include.keywords:
            words["vars"] = include.keywords["vars"]
        return words


def _parts(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        part: str(given[f"{part}_from"])
        for part in ("tasks", "vars", "defaults", "handlers")
        if given.get(f"{part}_from")
    }


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("yes", "true", "on", "1")


def _rewritten(written: Sourced, text: str) -> Sourced:
    """Rendered text in the place of the template that it comes from."""
    document = written.document
    return Document(document.file, document.text, text, {(): written.span}).root


def _placed(fault: Diagnostic, span: Span | None) -> Diagnostic:
    """A fault without a place gets that of whoever asked for the file."""
    if fault.span is not None or span is None:
        return fault
    from dataclasses import replace

    return replace(fault, span=span)
