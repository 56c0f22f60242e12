"""What is around the text being read: the play, the role, the block, the files on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kplay.playbook.values import is_template, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.playbook.model import Block, Node, Play, Role
    from kplay.source import Sourced, Span

    Render = Callable[[str, Mapping[str, object], Path | None], str | None]

_PLAIN_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """The place a task or block is read at."""

    faults: Faults
    play: Play | None = None
    directory: Path | None = None
    role: Role | None = None
    parent: Block | None = None
    handler: bool = False
    handlers: list[Node] = field(default_factory=list)
    """Where roles put their handlers."""
    files: tuple[tuple[Path, Span | None], ...] = ()
    """Task files being read, outermost first, each with the import that asked for it."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Variables of the command line."""
    static: bool = True
    """False where an include is being expanded in a run."""
    rescue: bool = False
    """Whether only a failure leads here."""
    render: Render | None = None
    """Renders a template with tables of variables, the first one winning; None where it cannot."""

    def within(self, **changes: Any) -> Scope:
        """The same place, deeper."""
        return replace(self, **changes)

    def certain(self, words: Mapping[str, Sourced]) -> bool:
        """Whether a run that gets this far runs a task with these keywords.

        Ansible looks at the arguments of a task when it runs, so that a fault in what never runs
        harms nobody.
        """
        return not (self.rescue or self.handler or any(map(guarded, self._around(words))))

    def has_defaults(self, words: Mapping[str, Sourced]) -> bool:
        """Whether ``module_defaults`` reach a task with these keywords."""
        holders = self._around(words)
        if self.play is not None:
            holders.append(self.play.keywords)
        return any("module_defaults" in words for words in holders)

    def collections(self) -> list[str]:
        """The collections in which short names of roles are sought, the innermost first."""
        holders = self._around({})
        if self.play is not None:
            holders.append(self.play.keywords)
        given = [words["collections"].value for words in holders if "collections" in words]
        return [str(name) for names in given if isinstance(names, list) for name in names]

    def _around(self, words: Mapping[str, Sourced]) -> list[Mapping[str, Sourced]]:
        holders = [words]
        block = self.parent
        while block is not None:
            holders.append(block.keywords)
            block = block.parent
        return holders

    @property
    def beside(self) -> Path | None:
        """The folder of the task file being read."""
        return self.files[-1][0].parent if self.files else self.directory

    def fill(self, text: str) -> str:
        """Text with the templates replaced that loading can know.

        Known are the command line's variables, those of blocks, role and play, lookups, and
        whatever else needs no host. Text that needs one keeps its templates.
        """
        if not is_template(text):
            return text
        text = _PLAIN_NAME.sub(lambda found: self._known(found[1], found[0]), text)
        if self.render is None or not is_template(text):
            return text
        known: dict[str, object] = {}
        for table in reversed(self._tables()):
            known.update(table)
        if self.role is not None:
            known.update(role_path=str(self.role.path), role_name=self.role.name)
        rendered = self.render(text, {**known, **self.extra}, self.directory)
        return text if rendered is None else rendered

    def _known(self, name: str, otherwise: str) -> str:
        if name in self.extra:
            return str(self.extra[name])
        for table in self._tables():
            if name in table:
                value = table[name].value
                if isinstance(value, (dict, list)) or is_template(value):
                    return otherwise
                return str(value)
        if name == "role_path" and self.role is not None:
            return str(self.role.path)
        if name == "role_name" and self.role is not None:
            return self.role.name
        if name == "playbook_dir" and self.directory is not None:
            return str(self.directory.absolute())
        return otherwise

    def _tables(self) -> list[Mapping[str, Sourced]]:
        tables: list[Mapping[str, Sourced]] = []
        block = self.parent
        while block is not None:
            given = block.keywords.get("vars")
            if given is not None and isinstance(given.value, dict):
                tables.append(dict(given.items()))
            block = block.parent
        if self.role is not None:
            for role in (self.role, *reversed(self.role.parents)):
                tables += [role.parameters, role.variables]
        if self.play is not None:
            tables.append(self.play.variables)
        if self.role is not None:
            tables += [role.defaults for role in (self.role, *reversed(self.role.parents))]
        return tables


def guarded(words: Mapping[str, Sourced]) -> bool:
    """Whether a condition, a loop or ``tags: never`` may pass by what has these keywords."""
    tags = words.get("tags")
    if tags is not None and "never" in names_in(tags.value):
        return True
    return any(map(decides, words))


def decides(keyword: str) -> bool:
    """Whether a keyword says if, and how often, its task runs."""
    return keyword in ("when", "loop") or keyword.startswith("with_")
