"""Reads plays and the playbooks that they import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.playbook import keywords, prompts, roles, tasks
from kplay.playbook.freeform import made
from kplay.playbook.model import Block, Include, Play
from kplay.playbook.values import check, is_template, names_in, read_keywords, shown, table_of

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.diagnostics import Faults
    from kplay.playbook.model import Keywords, Node, Task
    from kplay.playbook.reader import Reader
    from kplay.playbook.scope import Scope
    from kplay.source import KeyPath, Sourced, Span

_PARTS = ("pre_tasks", "tasks", "post_tasks", "handlers", "roles")
_IMPORTS = ("import_playbook", "ansible.builtin.import_playbook")


def read_playbook(reader: Reader, path: Path, span: Span | None, scope: Scope) -> list[Play]:
    """The plays of a file, imported playbooks unfolded in place."""
    document = reader.document(path, scope, span)
    if document is None:
        return []
    reader.read.append(path)
    root = document.root
    if root.value is None:
        scope.faults.add("empty-playbook", "this playbook holds no plays", root.span)
        return []
    if not isinstance(root.value, list):
        scope.faults.add(
            "bad-value", f"a playbook is a list of plays, not {shown(root.value)}", root.span
        )
        return []
    reader.at(path.parent, scope.faults)
    inner = scope.within(directory=path.parent, files=(*scope.files, (path, span)))
    plays: list[Play] = []
    for entry in root.elements():
        if not isinstance(entry.value, dict):
            scope.faults.add(
                "bad-value", f"a play is a mapping, not {shown(entry.value)}", entry.span
            )
            continue
        found = next((key for key in _IMPORTS if key in entry.value), None)
        if found is not None:
            plays += _read_import(reader, entry, found, inner)
        else:
            play = _read_play(reader, entry, inner)
            if play is not None:
                plays.append(play)
    return plays


def _read_import(reader: Reader, entry: Sourced, key: str, scope: Scope) -> list[Play]:
    words = read_keywords(entry, keywords.IMPORT_PLAYBOOK, scope.faults, set())
    target = entry.child(key)
    if not isinstance(target.value, str):
        scope.faults.add("bad-value", f"`{key}` wants a file's name", target.span)
        return []
    known = table_of(words.get("vars"))
    name = scope.within(play=Play("", target, {}, target.span, known)).fill(target.value)
    path = reader.sibling(name, target, scope)
    if path is None:
        return []
    if any(path == one for one, _ in scope.files):
        way = " -> ".join(str(one) for one, _ in (*scope.files, (path, None)))
        scope.faults.add(
            "import-cycle",
            f"`{path}` imports itself",
            target.span,
            notes=(f"the way: {way}",),
        )
        return []
    plays = read_playbook(reader, path, target.span, scope.within(directory=path.parent))
    for play in plays:
        _inherit(play, words)
    return plays


def _inherit(play: Play, words: Keywords) -> None:
    """Give a play what stands on the import around it, whose variables win over its own."""
    play.variables = {**play.variables, **table_of(words.get("vars"))}
    for name in ("tags", "when"):
        outer, own = words.get(name), play.keywords.get(name)
        if outer is not None:
            play.keywords[name] = outer if own is None else joined(outer, own)


def _take_user(words: Keywords, faults: Faults) -> None:
    """Read ``user``, the old name of a play's ``remote_user``."""
    user = words.pop("user", None)
    if user is None:
        return
    if "remote_user" in words:
        message = "`user` and `remote_user` are the same keyword of a play"
        faults.add("several-keywords", message, user.key_span)
    words["remote_user"] = user


def joined(first: Sourced, second: Sourced) -> Sourced:
    """Two values of a keyword that adds up, as one list with the places of both."""
    data: list[object] = []
    spans: dict[KeyPath, Span] = {(): first.span}
    for value in (first, second):
        for one in value.elements() if isinstance(value.value, list) else (value,):
            spans["", len(data)] = one.span
            data.append(one.value)
    return made(first.document, {"": data}, spans).child("")


def _read_play(reader: Reader, entry: Sourced, scope: Scope) -> Play | None:
    faults = scope.faults
    words = read_keywords(entry, keywords.PLAY, faults, {*_PARTS, "hosts"})
    _take_user(words, faults)
    hosts = entry.get("hosts")
    if hosts is None or hosts.value in (None, "", []):
        place = entry.span if hosts is None else hosts.key_span
        first = next(iter(entry.value), None)
        at = entry.child(first).key_span if first is not None and hosts is None else place
        faults.add("missing-hosts", "a play needs `hosts`", at)
        return None
    check(keywords.at(keywords.PLAY)["hosts"], hosts, faults)
    name = words.get("name")
    shared = words.get("vars")
    files = words.get("vars_files")
    play = Play(
        str(name.value) if name is not None and name.value else shown_hosts(hosts),
        hosts,
        words,
        hosts.key_span,
        variables=table_of(shared),
        vars_files=_files(files),
        prompts=prompts.read(words.get("vars_prompt"), faults),
        directory=scope.directory,
    )
    words.pop("vars", None)
    inner = scope.within(play=play, handlers=play.handlers)
    _check_vars_files(reader, play, inner)
    handlers = entry.get("handlers")
    own = []
    if handlers is not None:
        own = tasks.read_list(reader, handlers, inner.within(handler=True))
    _read_sections(reader, entry, play, inner)
    # Those of roles run before the play's own
    play.handlers += own
    if not faults:
        _check_handlers(play, inner)
    return play


def _read_sections(reader: Reader, entry: Sourced, play: Play, scope: Scope) -> None:
    for part in ("pre_tasks", "roles", "tasks", "post_tasks"):
        section = entry.get(part)
        if section is None or section.value is None:
            continue
        if part != "roles":
            getattr(play, part).extend(tasks.read_list(reader, section, scope))
        elif not isinstance(section.value, list):
            scope.faults.add(
                "bad-value", f"`roles` wants a list, not {shown(section.value)}", section.span
            )
        else:
            used = [roles.read_use(reader, one, scope) for one in section.elements()]
            play.roles += [block for block in used if block is not None]
            roles.drop_repeats(play)


def shown_hosts(hosts: Sourced) -> str:
    """The name of a play that has none: its hosts, as Ansible shows it."""
    return ",".join(map(str, hosts.value)) if isinstance(hosts.value, list) else str(hosts.value)


def _files(value: Sourced | None) -> list[Sourced]:
    if value is None or value.value is None:
        return []
    return list(value.elements()) if isinstance(value.value, list) else [value]


def _check_vars_files(reader: Reader, play: Play, scope: Scope) -> None:
    for entry in play.vars_files:
        choices = list(entry.elements()) if isinstance(entry.value, list) else [entry]
        if any(is_template(one.value) for one in choices):
            continue
        found = [reader.find_file("vars", str(one.value), None, play) for one in choices]
        path = next((one for one in found if one is not None), None)
        if path is None:
            reader.missing("vars", choices[0], scope.faults, role=None, play=play)
        else:
            reader.table(path, scope, entry.span)


def _check_handlers(play: Play, scope: Scope) -> None:
    """Note notified names that are no handler, where no include can bring one later."""
    sections: list[Node] = [*play.pre_tasks, *play.roles, *play.tasks, *play.post_tasks]
    if _includes([*sections, *play.handlers]):
        return
    known: set[str] = set()
    for handler in flat(play.handlers):
        if is_template(handler.name):
            return
        known.add(handler.name)
        listen = handler.keywords.get("listen")
        if listen is not None:
            known.update(names_in(listen.value), map(str, _texts(listen)))
    tasks.check_notified(sections, known, scope)


def _texts(value: Sourced) -> list[object]:
    return value.value if isinstance(value.value, list) else [value.value]


def flat(nodes: list[Node]) -> list[Task | Include]:
    """Tasks and includes of nested blocks, in order."""
    found: list[Task | Include] = []
    for node in nodes:
        if isinstance(node, Block):
            found += flat([*node.tasks, *node.rescue, *node.always])
        else:
            found.append(node)
    return found


def _includes(nodes: list[Node]) -> bool:
    return any(isinstance(node, Include) for node in flat(nodes))
