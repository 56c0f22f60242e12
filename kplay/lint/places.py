"""The texts that a site renders: its keywords, its arguments, its template file."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kplay.lint import targets
from kplay.lint.model import Site, Survey, beside, lines_of
from kplay.lint.reading import NOTHING, Reading, read
from kplay.playbook.model import Block, Include, Task
from kplay.playbook.templates import CONDITIONS, line_of
from kplay.source import Sourced, Span, UnsafeText, VaultText

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEVER = frozenset({"name", "vars", "register", "tags", "args", "listen", "notify", "needs",
                    "module_defaults", "loop_control", "action", "local_action"})  # fmt: skip
_PLAIN_LOOPS = frozenset({"loop", "with_items", "with_dict"})
_MAY_BE_SKIPPED = {("debug", "var"), ("assert", "fail_msg"), ("assert", "msg"),
                   ("assert", "success_msg")}  # fmt: skip
_NOT_READ = {("debug", "var")}
_DELIMITERS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
)
_HEADER = re.compile(r"(\w+)\s*:\s*(['\"])(.*?)\2")


class Place(NamedTuple):
    """A text, where it is written, and whether it is surely rendered."""

    value: Sourced | Span
    """A span is the first line of a template file."""
    reading: Reading
    certain: bool


def of(survey: Survey, site: Site) -> Iterator[Place]:
    """Every text that a run renders at a site."""
    node = site.node
    own = "when" in node.keywords
    for name, value in node.keywords.items():
        if name in _NEVER:
            continue
        bare = name in CONDITIONS
        looped = name == "loop" or name.startswith("with_")
        certain = site.runs or (looped and site.reached and not own and name in _PLAIN_LOOPS)
        if isinstance(node, Block):
            certain = site.reached and name == "when"
        for index, leaf in enumerate(leaves(value)):
            sure = certain
            if name == "when":
                sure = site.reached and index == 0 and not _loop(site)
            yield Place(leaf, read(str(leaf.value), bare=bare), sure)
    if isinstance(node, Block):
        return
    module = node.module
    for name, value in node.args.items():
        if (module, name) in _NOT_READ:
            continue
        bare = module == "assert" and name == "that"
        if isinstance(node, Include) and name == "apply":
            continue
        for leaf in leaves(value):
            certain = site.runs and (module, name) not in _MAY_BE_SKIPPED
            yield Place(leaf, read(str(leaf.value), bare=bare), certain)
    if isinstance(node, Task) and module == "template":
        yield from _files(survey, site, node)


def _loop(site: Site) -> bool:
    return any(name == "loop" or name.startswith("with_") for name in site.node.keywords)


def leaves(value: Sourced) -> Iterator[Sourced]:
    """Every text in a value that may be a template."""
    plain = value.value
    if isinstance(plain, dict):
        for _, part in value.items():  # noqa: PERF102 - a Sourced has no values()
            yield from leaves(part)
    elif isinstance(plain, list):
        for part in value.elements():
            yield from leaves(part)
    elif isinstance(plain, str) and not isinstance(plain, (UnsafeText, VaultText)):
        yield value


def _files(survey: Survey, site: Site, node: Task) -> Iterator[Place]:
    for path in sources(survey, site, node):
        reading = file_reading(path, delimiters(node))
        if not reading.fault:
            exact = len(sources(survey, site, node)) == 1
            yield Place(Span(str(path), 1, 1, 1, 1), reading, site.runs and exact)


def sources(survey: Survey, site: Site, node: Task) -> list[Path]:
    """The template files that a task renders, as far as their names can be told."""
    given = node.args.get("src")
    if given is None:
        return []
    names, _ = targets.names(site, given)
    found = (
        survey.loader.find_file("templates", name, node.role, site.play, beside=beside(node))
        for name in names
    )
    return [path for path in found if path is not None and path.is_file()]


def delimiters(node: Task) -> tuple[tuple[str, str], ...]:
    """Jinja's delimiters as a template task sets them."""
    args = node.args.value
    return tuple((key, str(args[key])) for key in _DELIMITERS if key in args)


@lru_cache(maxsize=4096)
def file_reading(path: Path, delimiters: tuple[tuple[str, str], ...]) -> Reading:
    """What a template file reads; a fault where Jinja cannot parse it."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return Reading(fault="it is not UTF-8 text", line=1)
    except OSError as error:
        return Reading(fault=str(error.strerror).lower(), line=1)
    if text.startswith("$ANSIBLE_VAULT;"):
        return NOTHING
    if text.startswith("#jinja2:"):
        first, _, rest = text.partition("\n")
        own = {match[1]: match[3] for match in _HEADER.finditer(first) if match[1] in _DELIMITERS}
        delimiters = tuple(sorted({**dict(delimiters), **own}.items()))
        text = "\n" + rest
    return read(text, delimiters=delimiters)


def span(value: Sourced | Span, line: int, name: str) -> Span:
    """Where a name is written in a text, on a line of it; the whole line where it is not found."""
    if isinstance(value, Span):
        return _within(_file_lines(value.file), value._replace(line=line, end_line=line), name)
    place = line_of(value, line)
    lines = lines_of(value.document)
    for number in range(place.line, place.end_line + 1):
        first = place.column if number == place.line else 1
        found = _within(lines, Span(place.file, number, first, number, 1), name)
        if found.end_column > 1:
            return found
    return place


def _within(lines: list[str], place: Span, name: str) -> Span:
    written = lines[place.line - 1] if place.line <= len(lines) else ""
    found = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(written, place.column - 1)
    if found is None:
        return place
    return place._replace(column=found.start() + 1, end_column=found.end() + 1)


@lru_cache(maxsize=256)
def _file_lines(file: str) -> list[str]:
    from pathlib import Path

    return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()


def forget() -> None:
    """Read files anew: they may have changed."""
    file_reading.cache_clear()
    _file_lines.cache_clear()
