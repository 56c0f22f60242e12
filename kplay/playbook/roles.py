"""Finds roles, reads their parts, and unfolds a use of a role into a block."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from kplay.diagnostics import suggest
from kplay.playbook import files, keywords, specs
from kplay.playbook.model import Block, Node, Role
from kplay.playbook.values import is_template, names_in, read_keywords, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kplay.playbook.model import Keywords, Play
    from kplay.playbook.reader import Reader
    from kplay.playbook.scope import Scope
    from kplay.source import Sourced


def read_use(reader: Reader, entry: Sourced, scope: Scope) -> Block | None:
    """A role as ``roles:`` or a role's dependencies name it: text, or a mapping with parameters."""
    if isinstance(entry.value, str):
        return unfold(reader, entry, scope, {})
    if not isinstance(entry.value, dict):
        scope.faults.add("bad-value", f"wanted a role, not {shown(entry.value)}", entry.span)
        return None
    name = entry.get("role") or entry.get("name")
    if name is None or not isinstance(name.value, str):
        scope.faults.add("missing-argument", "this entry names no `role`", entry.span)
        return None
    known = keywords.at(keywords.ROLE)
    given = {key: value for key, value in entry.items() if key not in known}
    words = read_keywords(entry, keywords.ROLE, scope.faults, {*given, "role", "name"})
    return unfold(reader, name, scope, words, given=given)


def unfold(
    reader: Reader,
    name: Sourced,
    scope: Scope,
    words: Keywords,
    *,
    given: dict[str, Sourced] | None = None,
    parts: Mapping[str, str] = MappingProxyType({}),
    public: bool = True,
    validate: bool = True,
    again: bool | None = None,
) -> Block | None:
    """The block of one use of a role, its dependencies first; None when there is no such role.

    Args:
        reader: reads files, each once.
        name: the role's name as written.
        scope: where it is used.
        words: keywords of the use; its ``vars`` rank as a block's do.
        given: parameters written among the keywords, and an include's ``vars``.
        parts: ``tasks``, ``vars``, ``defaults``, ``handlers`` to file names other than main.
        public: whether the play after it sees its defaults and vars.
        validate: whether its argument spec is checked when it begins.
        again: whether an import or include runs it where it has run; None leaves it to its meta
            file, as ``roles:`` and dependencies do.
    """
    around = scope.within(parent=Block(words, name.span, parent=scope.parent))
    text = around.fill(str(name.value))
    parts = {part: around.fill(file) for part, file in parts.items()}
    if not text.strip():
        scope.faults.add("late-name", "the name of this role is empty", name.span)
        return None
    path = find(reader, text, name, scope)
    if path is None:
        return None
    parents = (*scope.role.parents, scope.role) if scope.role is not None else ()
    if any(parent.path == path for parent in parents) and scope.static and not parts.get("tasks"):
        way = " -> ".join([*(parent.name for parent in parents), text])
        scope.faults.add(
            "role-cycle",
            f"the role `{text}` needs itself",
            name.span,
            notes=(f"the way: {way}",),
        )
        return None
    reader.roles.setdefault(path)
    role = Role(text, path, parameters=given or {}, parents=parents, public=public)
    reader.at(path, scope.faults)
    telling = {word: words[word] for word in _TELLING if word in words}
    role.identity = _identity(path, telling, given or {}, parts, included=again is not None)
    if scope.play is not None:
        scope.play.uses[role.identity] += 1
    role.defaults = reader.role_table(role, "defaults", parts.get("defaults", "main"), name, scope)
    role.variables = reader.role_table(role, "vars", parts.get("vars", "main"), name, scope)
    block = Block(words, name.span, role=role, parent=scope.parent, kind="role")
    inner = scope.within(role=role, parent=block, handler=False)
    block.tasks += _dependencies(reader, role, inner)
    if again is not None:
        role.allow_duplicates = again
    if validate:
        block.tasks += specs.validation(reader, role, parts.get("tasks", "main"), block, inner)
    for file in reader.role_files(role, "tasks", parts.get("tasks", "main"), name, scope):
        block.tasks += reader.tasks_of(file, name.span, inner)
    handling = inner.within(handler=True)
    part = parts.get("handlers", "main")
    for file in reader.role_files(role, "handlers", part, name, scope):
        role.handlers += reader.tasks_of(file, name.span, handling)
    scope.handlers.extend(role.handlers)
    return block


def find(reader: Reader, text: str, name: Sourced, scope: Scope) -> Path | None:
    """The folder of a role; notes a fault with all the places looked at when there is none."""
    folders = files.role_folders(
        text,
        scope.directory,
        reader.roles_path,
        reader.collections_path,
        scope.collections(),
    )
    if scope.role is not None:
        folders.append(files.tidy(scope.role.path.parent / text))
    found = next((folder for folder in dict.fromkeys(folders) if folder.is_dir()), None)
    if found is not None:
        return found
    if is_template(text):
        scope.faults.add(
            "late-name",
            "the name of a static role must be known when loading",
            name.span,
            notes=("known are -e, variables of play, role and block, and lookups",),
            help=("use `include_role` where a fact or a result decides",),
        )
        return None
    roots = {folder.parent for folder in folders}
    known = [one.name for root in roots if root.is_dir() for one in root.iterdir() if one.is_dir()]
    scope.faults.add(
        "unknown-role",
        f"no role named `{text}`",
        name.span,
        notes=tuple(f"not at {folder}" for folder in dict.fromkeys(folders)),
        help=suggest(text, known),
    )
    return None


def _dependencies(reader: Reader, role: Role, scope: Scope) -> list[Node]:
    blocks: list[Node] = []
    for file in files.part_of_role(role.path, "meta", "main"):
        meta = reader.document(file, scope)
        if meta is None or meta.root.value is None:
            continue
        if not isinstance(meta.root.value, dict):
            scope.faults.add("bad-value", "a role's meta file is a mapping", meta.root.span)
            continue
        twice = meta.root.get("allow_duplicates")
        role.allow_duplicates = bool(twice and twice.value in (True, "yes", "true"))
        needed = meta.root.get("dependencies")
        if needed is None or needed.value is None:
            continue
        if not isinstance(needed.value, list):
            scope.faults.add("bad-value", "`dependencies` wants a list of roles", needed.span)
            continue
        for entry in needed.elements():
            block = read_use(reader, entry, scope)
            if block is not None:
                if block.role is not None:
                    block.role.dependency = True
                blocks.append(block)
    return blocks


def drop_repeats(play: Play) -> None:
    """Take out roles of ``roles:`` that a play has surely run already.

    Ansible runs a role once for a host in a play, unless parameters, tags or conditions differ or
    the role allows duplicates. A use that surely ran is emptied here; one whose earlier use stands
    under a condition or under other tags keeps its tasks, and each host of the run decides.
    """
    seen: dict[str, Block] = {}
    for block in play.roles:
        _drop(block, seen, play)


def _drop(block: Block, seen: dict[str, Block], play: Play) -> None:
    role = block.role
    if block.kind == "role" and role is not None and not role.allow_duplicates:
        earlier = seen.setdefault(role.identity, block)
        if earlier is not block and _surely_ran(earlier, block):
            block.tasks.clear()
            dropped = set(map(id, role.handlers))
            play.handlers[:] = [one for one in play.handlers if id(one) not in dropped]
            play.uses[role.identity] -= 1
            return
    for node in block.tasks:
        if isinstance(node, Block) and node.kind == "role":
            _drop(node, seen, play)


_TELLING = ("tags", "vars", "when")
"""Keywords by which Ansible tells two uses of a role apart; the others it overlooks."""


def _identity(
    path: Path,
    words: Keywords,
    given: Mapping[str, Sourced],
    parts: Mapping[str, str],
    *,
    included: bool,
) -> str:
    """Of imports and includes the vars and the files count, not their tags and conditions."""
    if included:
        words = {word: words[word] for word in words if word == "vars"}
    plain = [
        sorted((key, repr(one.value)) for key, one in table.items()) for table in (words, given)
    ]
    return repr((str(path), plain, sorted(parts.items()), included))


def _surely_ran(earlier: Block, later: Block) -> bool:
    first, second = _outer(earlier), _outer(later)
    if any("when" in words for words in first):
        return False
    return _tags(first) == _tags(second)


def _outer(block: Block) -> list[Keywords]:
    found: list[Keywords] = []
    around: Block | None = block
    while around is not None:
        found.append(around.keywords)
        around = around.parent
    return found


def _tags(levels: list[Keywords]) -> set[str]:
    return {name for words in levels if "tags" in words for name in names_in(words["tags"].value)}
