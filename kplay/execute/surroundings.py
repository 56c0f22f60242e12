"""Every text that a run may read, as far as files alone tell: the project around its playbooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.playbook.model import Include
from kplay.playbook.project import Project, text_of
from kplay.playbook.values import is_template
from kplay.resolve.statics import every_node, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kplay.inventory.model import Inventory
    from kplay.playbook.load import Loader
    from kplay.playbook.model import Node, Play, Playbook
    from kplay.source import Document, Sourced

_MOST_FILES = 4_000
_ABSOLUTE = re.compile(r"(?<![\w{}/.-])(~?/[\w./@+-]+\.(?:j2|ya?ml|json))\b")
_LITERAL = r"""(?:'[^'\n]*'|"[^"\n]*")"""
_BY_NAME = re.compile(
    rf"""\b(?:lookup|query|q)\(\s*['"](?:ansible\.builtin\.)?(?:vars|varnames)\b
    |\bwith_(?:vars|varnames)\b
    |\bvars\s*\[(?!\s*{_LITERAL}\s*\])
    |\b(?:vars|hostvars)\s*(?:\||\.(?:get|items|keys|values)\b)
    |\bhostvars\s*(?:\[[^\[\]]*(?:\[[^\[\]]*(?:\[[^\]]*\])?[^\[\]]*\][^\[\]]*)*\]|\.\w+)
        \s*(?:\[(?!\s*{_LITERAL}\s*\])|\||\.(?:get|items|keys|values)\b)
    |\bhostvars\s*,(?!\s*{_LITERAL}\s*[,)]|\s*\[(?:\s*{_LITERAL}\s*,?)+\])
    |\bextract\s*\(\s*(?:vars|hostvars)\b|['"]extract['"]\s*,\s*vars\b
    |\bin\s+(?:vars\b|hostvars\s*\[)
    |\battribute\s*=(?!\s*{_LITERAL}\s*[,)])
    |\b(?:select|reject)attr\s*\((?!\s*{_LITERAL}\s*[,)])
    |\bvar\s*[:=][^\n]*\{{\{{
    |\{{\{{\s*(?:vars|hostvars)\s*\}}\}}""",
    re.VERBOSE,
)
"""What reads variables by names that are made in the run."""
_HINT = re.compile(r"vars|attr|lookup|query|\bq\(|\bvar\b")
"""What any of that has in it."""
_BRACES = re.compile(r"\{\{\s*(['\"])")
_UPWARDS = re.compile(r"(?:\.\./)+[\w./@+-]*")
_OPEN = re.compile(r"\{\{|\{%|['\"]\s*[~+]")
"""What is put behind a path that is not written out."""
_ROLES = ("roles", ".")
_ROLE_BY_NAME = re.compile(
    r"(?:include|import)_role\b[^#]{0,200}?\bname\s*[:=]\s*['\"]?([^\s'\",}]+)"
)


def nodes_of(play: Play) -> list[Node]:
    """The nodes of a play, handlers last."""
    return [*(node for _, nodes in play.sections() for node in nodes), *play.handlers]


class Surroundings:
    """Everything that a run may read, and what of it only the run can tell."""

    def __init__(  # noqa: PLR0917 - made in one place alone
        self,
        playbook: Playbook,
        inventory: Inventory,
        extra: Mapping[str, Sourced],
        loader: Loader,
        given: set[Path],
        loaded: list[Document],
    ) -> None:
        plays = playbook.plays
        self.homes = {play.directory.resolve() for play in plays if play.directory is not None}
        roles = {role.path.resolve() for play in plays for role in roles_of(nodes_of(play))}
        sources = [Path(one).resolve() for one in inventory.sources]
        folders = {*self.homes, *roles, *loader.roles_path, *(s for s in sources if s.is_dir())}
        folders |= {path for one in extra.values() if (path := _folder(one.value))}
        self.project = Project(folders, None, _MOST_FILES)
        self.names = [
            str(node.args.value.get("name") or node.args.value.get("role") or "")
            for play in plays
            for node in every_node(nodes_of(play))
            if isinstance(node, Include) and node.kind == "role"
        ]
        self.given = {str(path) for path in given}
        self.more = [one.text for one in loaded]
        self.more += [text_of(str(one)) or "" for one in sources if one.is_file()]
        for table in inventory.tables():
            self.more += [text for value in table.values() for text in _leaves(value.value)]
        self.more += [text for value in extra.values() for text in _leaves(value.value)]

    def texts(self) -> list[str] | None:
        """Every text; None where some cannot be told."""
        read = {path: text for path, text in self.project.texts.items() if path not in self.given}
        if not self.project.whole or not all(map(self._has, self.names)):
            return None
        found = [*read.values(), *self.more]
        for path, text in read.items():
            above = self._above(Path(path), text)
            if above is None:
                return None
            found += above
        for name in {one for text in found for one in _ABSOLUTE.findall(text)}:
            if (full := str(Path(name).expanduser())) not in self.given:
                found.append(text_of(full) or "")
        named = {name for text in found for name in _ROLE_BY_NAME.findall(text)}
        if any(map(_by_name, found)) or not all(map(self._has, named)):
            return None
        return found

    def _above(self, path: Path, text: str) -> list[str] | None:
        """What a file names by a way that leads up; None where only the run can tell what it is."""
        found = []
        bases = [path.parent, path.parent.parent, *self.homes]
        for match in _UPWARDS.finditer(text):
            for target in [(base / match[0]).resolve() for base in bases]:
                inside = any(target.is_relative_to(one) for one in self.project.folders)
                if target.is_file() and not inside:
                    found.append(text_of(str(target)) or "")
                elif not inside and (target.is_dir() or _OPEN.match(text, match.end())):
                    return None
        return found

    def _has(self, role: str) -> bool:
        """Whether a role that an include names is among the files that were read."""
        if not role or is_template(role) or "." in role or "/" in role:
            return False
        return any((one / sub / role).is_dir() for one in self.project.folders for sub in _ROLES)


def mentioned(name: str, texts: Iterable[str]) -> bool:
    """Whether a name stands in some text, as a whole word."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(name in text and word.search(text) for text in texts)


def _by_name(text: str) -> bool:
    """Whether a text may read a variable whose name, or whose template, is made in the run."""
    if _HINT.search(text) and _BY_NAME.search(text):
        return True
    for match in _BRACES.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if re.search(rf"{match[1]}[^'\"]*$", line):
            return True
    return False


def _leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _leaves(part)]
    if isinstance(value, list):
        return [text for part in value for text in _leaves(part)]
    return [str(value)] if isinstance(value, str) else []


def _folder(value: object) -> Path | None:
    """A folder that a variable names, from which files may be read."""
    if isinstance(value, str) and value[:1] in ("/", "~", "."):
        path = Path(value).expanduser()
        return path if path.is_dir() else None
    return None
