"""Loads playbooks: the entry to this package, for a whole run and for each include in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic, Faults
from kplay.errors import InputError
from kplay.playbook import files, keywords, plays, roles
from kplay.playbook.foreign import check_groups, holders, keywords_of
from kplay.playbook.model import Block, Play, Playbook
from kplay.playbook.reader import Reader, is_true, parts_of, rewritten
from kplay.playbook.scope import Scope
from kplay.playbook.templates import check_nodes, check_templates
from kplay.playbook.values import read_keywords, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kplay.playbook.model import Include, Keywords, Node, Role
    from kplay.playbook.scope import Render
    from kplay.source import Opener, Sourced, Span


def load(
    paths: Sequence[Path],
    *,
    roles_path: Sequence[Path] = (),
    collections_path: Sequence[Path] = (),
    extra_vars: Mapping[str, Any] | None = None,
    filters: Collection[str] | None = None,
    tests: Collection[str] | None = None,
    lookups: Collection[str] | None = None,
    render: Render | None = None,
    vault: Opener | None = None,
) -> Playbook:
    """The plays of playbook files, in order, with every fault of all of them reported at once.

    Args:
        paths: playbook files.
        roles_path: folders of roles, sought after ``roles/`` beside the playbook.
        collections_path: folders that hold ``ansible_collections``.
        extra_vars: plain variables of the command line, for names of static imports.
        filters: names of the filters that templates may use; None leaves them unchecked.
        tests: names of the tests that templates may use; None leaves them unchecked.
        lookups: names of the lookups that ``with_…`` may use; None leaves them unchecked.
        render: renders names of static imports with the variables that loading knows; without it
            only plain variables are filled in.
        vault: opens encrypted files.

    Raises:
        InputError: anything written that cannot be run; one diagnostic per fault.
    """
    loader = Loader(
        roles_path=roles_path,
        collections_path=collections_path,
        extra_vars=extra_vars,
        filters=filters,
        tests=tests,
        lookups=lookups,
        render=render,
        vault=vault,
    )
    return loader.playbook(paths)


class Loader(Reader):
    """Reads files of a run, each once, and unfolds includes while the run goes on."""

    def __init__(
        self,
        *,
        roles_path: Sequence[Path] = (),
        collections_path: Sequence[Path] = (),
        libraries: Sequence[Path] = (),
        utilities: Sequence[Path] = (),
        extra_vars: Mapping[str, Any] | None = None,
        filters: Collection[str] | None = None,
        tests: Collection[str] | None = None,
        lookups: Collection[str] | None = None,
        render: Render | None = None,
        vault: Opener | None = None,
    ) -> None:
        super().__init__(
            roles_path, collections_path, vault, libraries=libraries, utilities=utilities
        )
        self.extra_vars = dict(extra_vars or {})
        self.filters = filters
        """Names of the filters that templates may use; None leaves them unchecked."""
        self.tests = tests
        self.lookups = lookups
        self.render = render
        self.late_faults: Callable[[], Faults] = Faults
        """What collects the faults of an include; lint's goes on where a run stops."""

    def playbook(self, paths: Sequence[Path]) -> Playbook:
        """The plays of playbook files, as ``load`` gives them."""
        noted = Faults()
        playbook = self.survey(paths, noted)
        faults = Faults()
        for fault in noted:
            if fault.severity == "error":
                faults.append(fault)
        faults.settle()
        return playbook

    def survey(self, paths: Sequence[Path], faults: Faults) -> Playbook:
        """All of playbook files that can be read; what cannot, and warnings, go to ``faults``."""
        scope = Scope(faults, extra=self.extra_vars, render=self.render)
        found: list[Play] = []
        for path in paths:
            own = plays.read_playbook(self, files.tidy(path), None, scope)
            for play in own:
                play.playbook = path
            found += own
        playbook = Playbook(found, list(self.read))
        for fault in check_templates(
            playbook, filters=self.filters, tests=self.tests, lookups=self.lookups
        ):
            faults.append(fault)
        for play in found:
            check_groups(keywords_of(play), self.homes(play.directory), faults)
        return playbook

    def load_tasks(
        self,
        path: Path,
        parent: Block | None,
        role: Role | None,
        *,
        play: Play | None = None,
        handler: bool = False,
        span: Span | None = None,
        handlers: list[Node] | None = None,
    ) -> list[Node]:
        """The nodes of a task file that an include names, static imports in it unfolded.

        Handlers of roles that it imports are put into ``handlers``.

        Raises:
            InputError: the file is missing, or holds what cannot be run.
        """
        brought = handlers if handlers is not None else []
        scope = self._late(play, parent, role).within(handler=handler, handlers=brought)
        nodes = self.tasks_of(path, span, scope)
        self._check([*nodes, *brought], scope)
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
        """The block of an include_role; the handlers it brings are in ``block.handlers``.

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
        sourced = rewritten(written, name)
        words = self._applied(include, scope.faults)
        block = roles.unfold(
            self,
            sourced,
            scope,
            words,
            given=table_of(words.pop("vars", None)) | table_of(include.keywords.get("vars")),
            parts=parts_of(given),
            public=is_true(given.get("public")),
            validate=is_true(given.get("rolespec_validate", True)),
            again=is_true(given.get("allow_duplicates", True)),
        )
        if block is not None:
            block.handlers = scope.handlers
            self._check([block, *block.handlers], scope)
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
        faults = self.late_faults()
        beside = Path(include.span.file).parent
        path = self.find_file("tasks", target, include.role, play, beside=beside)
        if path is None:
            written = include.args.get("file") or include.args
            sought = rewritten(written, target)
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
            handlers=block.handlers,
        )
        return block

    def load_variables(self, path: Path) -> dict[str, Sourced]:
        """The variables of a vars file.

        Raises:
            InputError: the file is missing, or no mapping.
        """
        scope = Scope(Faults())
        table = self.table(path, scope, None)
        scope.faults.settle()
        return table

    def _late(self, play: Play | None, parent: Block | None, role: Role | None) -> Scope:
        directory = play.directory if play is not None else None
        return Scope(
            self.late_faults(),
            play=play,
            directory=directory,
            role=role,
            parent=parent,
            extra=self.extra_vars,
            static=False,
            render=self.render,
        )

    def _check(self, nodes: list[Node], scope: Scope) -> None:
        for fault in check_nodes(
            nodes, filters=self.filters, tests=self.tests, lookups=self.lookups
        ):
            if fault.severity == "error":
                scope.faults.append(fault)
        check_groups(holders(nodes), self.homes(scope.directory), scope.faults)
        scope.faults.settle()

    def _applied(self, include: Include, faults: Faults) -> Keywords:
        words: Keywords = {}
        applied = include.args.get("apply")
        if applied is not None and isinstance(applied.value, dict):
            words.update(read_keywords(applied, keywords.BLOCK, faults, set()))
        if "vars" in include.keywords:
            words.setdefault("vars", include.keywords["vars"])
        return words
