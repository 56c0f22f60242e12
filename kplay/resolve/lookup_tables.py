"""Lookups that read one value out of a file of the controller: CSV, INI, Java properties."""

from __future__ import annotations

import configparser
import csv
import io
import re
import shlex
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.registry import kind_of
from kplay.resolve.lookup_files import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_YES = frozenset((True, "true", "True", "yes", "1", 1, "on"))


def key_and_options(term: Any, known: Sequence[str]) -> tuple[str, Options]:
    """A term such as ``Li file=elements.csv col=2``: its words, and the options after them.

    Raises:
        ValueError: an option that the lookup does not have, or quotes that do not end.
    """
    if not isinstance(term, str):
        raise TypeError(f"it takes a text, not {kind_of(term)}")
    words: list[str] = []
    options: Options = {}
    lexer = shlex.shlex(term, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    for word in lexer:
        name, equals, value = word.partition("=")
        if equals and name in known:
            options[name] = value
        elif equals and name.isidentifier():
            raise ValueError(f"`{name}` is not one of {', '.join(known)}")
        else:
            words.append(word)
    return " ".join(words), options


def _number(options: Mapping[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` is a number, not `{value}`") from error


_CSV = ("file", "delimiter", "col", "keycol", "default", "encoding")


def csvfile(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """The column of the row that a key begins."""
    if not terms:
        raise ValueError("it takes the key of a row")
    found: list[Any] = []
    for term in terms:
        key, own = key_and_options(term, _CSV)
        if not key:
            raise ValueError("it takes the key of a row")
        given = {**options, **own}
        delimiter = str(given.get("delimiter", "TAB"))
        delimiter = "\t" if delimiter in ("TAB", "\\t") else delimiter
        column, key_column = _number(given, "col", 1), _number(given, "keycol", 0)
        text = read_text(scope, given.get("file", "ansible.csv"), given.get("encoding", "utf-8"))
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        row = next((row for row in rows if row and row[key_column] == key), None)
        value = row[column] if row is not None else given.get("default")
        if value is not None:
            found.append(value)
    return found


_INI = ("file", "section", "type", "default", "encoding", "re", "case_sensitive",
        "allow_no_value", "allow_none", "interpolation")  # fmt: skip


def ini(scope: Scope, terms: list[Any], options: Options) -> list[Any]:
    """The values of keys in a section of an INI or properties file."""
    found: list[Any] = []
    for term in terms:
        key, own = key_and_options(term, _INI)
        given = {**options, **own}
        kind = given.get("type", "ini")
        if kind not in ("ini", "properties"):
            raise ValueError(f"type `{kind}` is not one of ini, properties")
        section = "properties" if kind == "properties" else given.get("section", "global")
        name = given.get("file", "ansible.ini")
        text = read_text(scope, name, given.get("encoding", "utf-8"))
        parser = _parser(given)
        parser.read_string(f"[properties]\n{text}" if kind == "properties" else text)
        if not parser.has_section(section):
            raise ValueError(f"`{name}` has no section `{section}`")
        if given.get("re") in _YES:
            flags = 0 if given.get("case_sensitive") in _YES else re.IGNORECASE
            found += [value for one, value in parser[section].items() if re.match(key, one, flags)]
        else:
            found.append(parser.get(section, key, fallback=given.get("default", "")))
    return [value for value in found if value is not None]


def _parser(given: Mapping[str, Any]) -> configparser.ConfigParser:
    bare = given.get("allow_no_value", given.get("allow_none", False)) in _YES
    plain = given.get("interpolation", True) not in _YES
    parser = configparser.ConfigParser(
        allow_no_value=bare, interpolation=None if plain else configparser.BasicInterpolation()
    )
    if given.get("case_sensitive") in _YES:
        parser.optionxform = str  # type: ignore[assignment,method-assign]
    return parser


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {"csvfile": csvfile, "ini": ini}
