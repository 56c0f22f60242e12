"""Reads lists of tasks, blocks, handlers, includes and static imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Faults, suggest
from kplay.playbook import arguments, foreign, keywords, modules
from kplay.playbook.calls import Call, read_call, refuse
from kplay.playbook.model import Block, Include, Node, Task
from kplay.playbook.scope import guarded
from kplay.playbook.values import is_template, names_in, read_keywords, shown

if TYPE_CHECKING:
    from kplay.playbook.model import Keywords
    from kplay.playbook.reader import Reader
    from kplay.playbook.scope import Scope
    from kplay.source import Sourced

_BLOCK_PARTS = ("block", "rescue", "always")


def read_list(reader: Reader, entries: Sourced, scope: Scope) -> list[Node]:
    """The nodes of a list of tasks; nothing for an empty file or section."""
    if entries.value is None:
        return []
    if not isinstance(entries.value, list):
        scope.faults.add(
            "bad-value", f"wanted a list of tasks, not {shown(entries.value)}", entries.span
        )
        return []
    nodes: list[Node] = []
    for entry in entries.elements():
        node = _read_entry(reader, entry, scope)
        if node is not None:
            nodes.append(node)
    return nodes


def _read_entry(reader: Reader, entry: Sourced, scope: Scope) -> Node | None:
    if not isinstance(entry.value, dict):
        scope.faults.add("bad-value", f"a task is a mapping, not {shown(entry.value)}", entry.span)
        return None
    if "hosts" in entry.value and ("tasks" in entry.value or "roles" in entry.value):
        scope.faults.add(
            "misplaced-play",
            "a play cannot stand in a list of tasks",
            entry.child("hosts").key_span,
        )
        return None
    if any(part in entry.value for part in _BLOCK_PARTS):
        return _read_block(reader, entry, scope)
    call = read_call(entry, scope.faults, reader.places(scope))
    if call is None:
        return None
    name = modules.local_name(call.name)
    if name in modules.IMPORTS:
        return _read_import(reader, entry, call, name, scope)
    if name in modules.INCLUDES:
        return _read_include(entry, call, modules.INCLUDES[name], scope)
    return _read_task(entry, call, scope)


def _read_block(reader: Reader, entry: Sourced, scope: Scope) -> Block:
    words = read_keywords(entry, keywords.BLOCK, scope.faults, set(_BLOCK_PARTS))
    first = next(part for part in _BLOCK_PARTS if part in entry.value)
    block = Block(words, entry.child(first).key_span, role=scope.role, parent=scope.parent)
    if "block" not in entry.value:
        scope.faults.add(
            "missing-block", f"`{first}` stands without `block`", entry.child(first).key_span
        )
    inner = scope.within(parent=block)
    for part, nodes in zip(_BLOCK_PARTS, (block.tasks, block.rescue, block.always), strict=True):
        if part in entry.value:
            at = inner.within(rescue=True) if part == "rescue" else inner
            nodes.extend(read_list(reader, entry.child(part), at))
    return block


def _read_task(entry: Sourced, call: Call, scope: Scope) -> Task:
    level = keywords.HANDLER if scope.handler else keywords.TASK
    words = read_keywords(entry, level, scope.faults, call.keys)
    words.update(call.extra)
    certain = scope.certain(words)
    faults = scope.faults if certain else Faults()
    if call.called.passable:
        refuse(call.called, call.span, faults)
    partial = scope.has_defaults(words)
    arguments.check(call.called, call.args, call.span, faults, partial=partial)
    if call.called.foreign is not None:
        foreign.check(call.called.foreign, call.args, faults)
    task = Task(
        call.called.name,
        call.args,
        words,
        call.span,
        role=scope.role,
        parent=scope.parent,
        handler=scope.handler,
        foreign=call.called.foreign,
        faults=() if certain else tuple(faults),
        written=call.name,
    )
    _check_loop(words, scope)
    _check_waiting(task, scope)
    if scope.handler and "name" not in words and "listen" not in words:
        scope.faults.add(
            "nameless-handler",
            "a handler needs a `name` or `listen`: nothing can notify it",
            call.span,
        )
    return task


def _check_waiting(task: Task, scope: Scope) -> None:
    """Note ``async`` on what runs on the controller, where no connection is waited for."""
    given = task.keywords.get("async")
    alone = task.module in modules.ACTIONS or task.module in ("copy", "template")
    if given is not None and given.value not in (0, "0") and alone:
        scope.faults.add(
            "unsupported-keyword",
            f"`{task.module}` does not support `async`",
            given.key_span,
            notes=("the controller has a part in it, and must be there until it ends",),
        )


def _check_loop(words: Keywords, scope: Scope) -> None:
    loops = [name for name in words if name == "loop" or name.startswith("with_")]
    if len(loops) > 1:
        scope.faults.add(
            "several-loops",
            f"a task has one loop, this one has `{loops[0]}` and `{loops[1]}`",
            words[loops[1]].key_span,
        )
    loop = words.get("loop")
    if loop is not None and not isinstance(loop.value, list) and not is_template(loop.value):
        scope.faults.add(
            "bad-value",
            f"`loop` wants a list, not {shown(loop.value)}",
            loop.span,
            help=(f"write '{{{{ {loop.value} }}}}' for the list of that name",)
            if isinstance(loop.value, str)
            else (),
        )
    control = words.get("loop_control")
    if control is not None and isinstance(control.value, dict):
        read_keywords(control, keywords.LOOP_CONTROL, scope.faults, set())
    given = words.get("register")
    if given is not None and not str(given.value).isidentifier():
        scope.faults.add(
            "bad-value", f"`register` wants a variable's name, not {shown(given.value)}", given.span
        )


def _read_include(entry: Sourced, call: Call, kind: str, scope: Scope) -> Include:
    words = read_keywords(entry, keywords.INCLUDE, scope.faults, call.keys)
    _check_loop(words, scope)
    arguments.check(call.called, call.args, call.span, scope.faults)
    include = Include(
        kind,
        call.args,
        words,
        call.span,
        role=scope.role,
        parent=scope.parent,
        handler=scope.handler,
    )
    target = call.args.get("file" if kind == "tasks" else "name")
    if kind == "tasks" and target is None:
        scope.faults.add("missing-argument", "`include_tasks` needs a file", call.span)
    return include


def _read_import(
    reader: Reader, entry: Sourced, call: Call, name: str, scope: Scope
) -> Block | None:
    loops = {key for key in entry.value if key == "loop" or str(key).startswith("with_")}
    words = read_keywords(entry, keywords.IMPORT, scope.faults, call.keys | loops)
    for loop in sorted(loops):
        scope.faults.add(
            "looped-import",
            f"`{name}` is static and cannot loop",
            entry.child(loop).key_span,
            help=(f"use `{name.replace('import', 'include')}`",),
        )
    arguments.check(call.called, call.args, call.span, scope.faults)
    if name == "import_role":
        return reader.role_by_call(call, words, scope)
    target = call.args.get("file")
    if target is None or not isinstance(target.value, str):
        scope.faults.add("missing-argument", "`import_tasks` needs a file", call.span)
        return None
    block = Block(words, call.span, role=scope.role, parent=scope.parent, kind="import")
    block.tasks += reader.imported_tasks(target, scope.within(parent=block))
    return block


def check_notified(nodes: list[Node], known: set[str], scope: Scope) -> None:
    """Note every plain ``notify`` that names no handler, where a run does not pass it by."""
    for node in nodes:
        if guarded(node.keywords):
            continue
        value = node.keywords.get("notify")
        if value is not None:
            for one in value.elements() if isinstance(value.value, list) else (value,):
                for name in [] if is_template(one.value) else names_in([one.value]):
                    short = name.rpartition(" : ")[2]
                    if name not in known and short not in known and str(one.value) not in known:
                        scope.faults.add(
                            "unknown-handler",
                            f"no handler named `{name}` in this play",
                            one.span,
                            help=suggest(name, known),
                        )
        if isinstance(node, Block):
            for part in (node.tasks, node.always):
                check_notified(part, known, scope)
