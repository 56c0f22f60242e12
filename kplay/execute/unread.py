"""Given variables that nothing reads, and that are spelled almost like one that is known.

Whatever may be read by a name that only a run can tell ends the search: nothing is said then. The
project's files are read only where a name stands neither among the variables that are known nor in
any file that was loaded, and is close to one of them.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.execute.surroundings import Surroundings, mentioned, nodes_of
from kplay.playbook.model import Task
from kplay.playbook.specs import MODULE
from kplay.resolve.magic import DEFAULTS, IN_PLAY, IN_ROLE, MAGIC
from kplay.resolve.statics import every_node, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kplay.inventory.model import Inventory
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Playbook
    from kplay.source import Document, Sourced, Span

_OWN = frozenset({*MAGIC, *IN_PLAY, *IN_ROLE, *DEFAULTS, "kplay_absent", "kplay_transport"})
_ALIKE = 0.85
"""How much of a name is that of another."""
_ALIKE_END = 0.6
"""The same of what is left behind the words that both begin with."""
_WORD = re.compile(r"[A-Za-z_]\w*")
_EXPRESSIONS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")


def unread(
    written: Iterable[str],
    playbook: Playbook,
    inventory: Inventory,
    extra: Mapping[str, Sourced],
    loader: Loader,
) -> list[Diagnostic]:
    """A warning for each variable of ``-e`` that nothing reads and that is likely misspelt.

    Args:
        written: the options as given, ``@FILE`` among them.
        playbook: as loaded.
        inventory: with all of its variables.
        extra: what the options say.
        loader: what has read the playbook.
    """
    if not extra:
        return []
    known = _OWN.union(*_tables(playbook), *inventory.tables())
    odd = [name for name in extra if name not in known and not name.startswith("ansible_")]
    if not odd:
        return []
    files = [text.strip()[1:] for text in written if text.strip().startswith("@")]
    given = {Path(name).expanduser().resolve() for name in files}
    loaded = [one for path, one in loader.documents.items() if one and path.resolve() not in given]
    odd = [name for name in odd if not mentioned(name, (one.text for one in loaded))]
    if not odd:
        return []
    known |= _read(loaded)
    near = {name: other for name in odd if (other := _near(name, known))}
    if near:
        near = _nowhere(near, Surroundings(playbook, inventory, extra, loader, given, loaded))
    return [_said(extra[name], name, other) for name, other in near.items()]


def unread_in_inventory(
    playbook: Playbook, inventory: Inventory, extra: Mapping[str, Sourced], loader: Loader
) -> list[Diagnostic]:
    """A warning for each place where the inventory gives a variable that is likely misspelt.

    One counts only where its name stands nowhere but where it is given. Files of group_vars and
    host_vars count as the inventory's.

    Args:
        playbook: as loaded.
        inventory: with all of its variables.
        extra: what ``-e`` says.
        loader: what has read the playbook.
    """
    places: dict[str, dict[Span, Sourced]] = {}
    for table in inventory.tables():
        for name, value in table.items():
            places.setdefault(name, {})[value.key_span] = value
    known = _OWN.union(extra, *_tables(playbook))
    names = [one for one in places if one not in known and not one.startswith("ansible_")]
    if not names:
        return []
    loaded = [one for one in loader.documents.values() if one is not None]
    words = {word for one in loaded for word in _WORD.findall(one.text)}
    odd = [name for name in names if name not in words and _is_plain(name, places[name])]
    known |= places.keys() - odd
    known |= _read(loaded)
    near = {name: other for name in odd if (other := _near(name, known))}
    near = {name: other for name, other in near.items() if not _numbered_alike(name, other)}
    if not near:
        return []
    texts = Surroundings(playbook, inventory, extra, loader, set(), loaded).texts()
    if texts is None:
        return []
    return [
        Diagnostic(
            "unread-variable",
            f"nothing reads the variable `{name}`",
            span,
            (f"did you mean `{other}`?",),
            severity="warning",
        )
        for name, other in near.items()
        if not any(_count(name, text) > _given(text, places[name]) for text in set(texts))
        for span in places[name]
    ]


def _is_plain(name: str, places: Mapping[Span, Sourced]) -> bool:
    """Whether each place is in a file that shows it, other than an encrypted one or a program."""
    return all(
        span.file[:1] != "<" and _count(name, one.document.text) for span, one in places.items()
    )


def _given(text: str, places: Mapping[Span, Sourced]) -> int:
    """In how many places a text of a file gives a variable."""
    return sum(one.document.text == text for one in places.values())


def _count(name: str, text: str) -> int:
    return len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", text)) if name in text else 0


def _numbered_alike(name: str, other: str) -> bool:
    """Whether names differ in their numbers alone: of `disk1` and `disk2` neither is misspelt."""
    return re.sub(r"\d+", "", name) == re.sub(r"\d+", "", other)


def _said(written: Sourced, name: str, other: str) -> Diagnostic:
    message = f"nothing reads the variable `{name}` of -e"
    span = written.key_span
    place = None if span.file.startswith("<") else span
    return Diagnostic(
        "unread-variable", message, place, (f"did you mean `{other}`?",), severity="warning"
    )


def as_note(one: Diagnostic) -> str:
    """The same in a line."""
    place = f"{one.span.file}:{one.span.line}: " if one.span is not None else ""
    return f"{place}{one.message}: {' '.join(one.help)}"


def _near(name: str, known: Iterable[str]) -> str:
    """The known name that is closest, where it is close enough to be meant."""
    best, found = _ALIKE, ""
    matcher = SequenceMatcher(b=name)
    for other in sorted(known):
        matcher.set_seq1(other)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < best:
            continue
        ratio = matcher.ratio()
        if ratio >= best and ratio < 1 and _ends_alike(name, other):
            best, found = ratio, other
    return found


def _ends_alike(name: str, other: str) -> bool:
    """Whether names are close behind their common first words: `k3s_port` is no `k3s_host`."""
    one, two = name.split("_"), other.split("_")
    while len(one) > 1 and len(two) > 1 and one[0] == two[0]:
        one, two = one[1:], two[1:]
    return SequenceMatcher(None, "_".join(one), "_".join(two)).ratio() >= _ALIKE_END


def _tables(playbook: Playbook) -> Iterator[Iterable[str]]:
    """The names that roles and plays give values, or ask for."""
    for play in playbook.plays:
        yield play.variables
        yield [prompt.name for prompt in play.prompts]
        nodes = nodes_of(play)
        for role in roles_of(nodes):
            yield role.defaults
            yield role.variables
            yield role.parameters
        for node in every_node(nodes):
            for word in ("vars", "register"):
                given = node.keywords.get(word)
                if given is not None:
                    yield given.value if isinstance(given.value, dict) else [str(given.value)]
            if not isinstance(node, Task):
                continue
            spec = node.args.value.get("argument_spec") if node.module == MODULE else None
            facts = node.args.value if node.module == "set_fact" else spec
            yield map(str, facts) if isinstance(facts, dict) else ()


def _read(documents: Iterable[Document]) -> set[str]:
    """The names in the expressions of files that were loaded."""
    found: set[str] = set()
    for document in documents:
        for text in _EXPRESSIONS.findall(document.text):
            found.update(word for word in _WORD.findall(_TEXTS.sub("", text)) if "_" in word)
    return found


def _nowhere(near: dict[str, str], around: Surroundings) -> dict[str, str]:
    texts = around.texts()
    if texts is None:
        return {}
    return {name: other for name, other in near.items() if not mentioned(name, texts)}
