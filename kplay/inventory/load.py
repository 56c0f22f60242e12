"""Loads inventories: files in INI or YAML form, programs, folders of them, and lists of hosts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.diagnostics import Faults
from kplay.errors import InputError
from kplay.inventory import ini, plugins, program, ranges, yaml_form
from kplay.inventory.build import Builder
from kplay.inventory.variables import Folder
from kplay.source import Span, made_up
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kplay.inventory.model import Inventory
    from kplay.inventory.plugins import Construct
    from kplay.source import Opener, Sourced

_YAML = (".yml", ".yaml", ".json")
IGNORED = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
)  # fmt: skip


_NO_SOURCES = ("group_vars", "host_vars", "vars_plugins")


def load(
    sources: Sequence[str | Path],
    *,
    vault: Opener | None = None,
    construct: Construct | None = None,
    ignored: Sequence[str] = IGNORED,
    ignored_patterns: Sequence[str] = (),
) -> Inventory:
    """The hosts and groups of all sources together; later ones win.

    Args:
        sources: files, programs, folders, or lists of hosts with a comma in them (``a,b,``).
        vault: opens encrypted files.
        construct: evaluates files of the plugin ``constructed``; they are refused without it.
        ignored: ends of names that are no sources in a folder.
        ignored_patterns: regexes of such names.

    Raises:
        InputError: what is wrong in any of them, all at once.
    """
    faults = Faults()
    builder = Builder(faults)
    reader = _Reader(builder, vault, construct, tuple(ignored), ignored_patterns)
    for source in sources:
        if isinstance(source, str) and "," in source and not _exists(source):
            _read_list(source, builder)
        else:
            reader.source(Path(source))
    inventory = builder.finish()
    faults.settle()
    reader.load_folders()
    faults.settle()
    return inventory


def load_adjacent(inventory: Inventory, directory: Path, vault: Opener | None = None) -> None:
    """Add group_vars and host_vars beside a playbook, as ``playbook_variables``.

    Raises:
        InputError: a file there cannot be read as variables.
    """
    faults = Faults()
    _load_folders(inventory, directory, faults, vault, playbook=True)
    faults.settle()


def _load_folders(
    inventory: Inventory,
    directory: Path,
    faults: Faults,
    vault: Opener | None,
    *,
    playbook: bool,
) -> None:
    groups = Folder(directory / "group_vars", faults, vault)
    for group in inventory.groups.values():
        target = group.playbook_variables if playbook else group.file_variables
        target.update(groups.table(group.name))
    hosts = Folder(directory / "host_vars", faults, vault)
    implicit = [inventory.implicit] if inventory.implicit is not None else []
    for host in [*inventory.hosts.values(), *implicit]:
        target = host.playbook_variables if playbook else host.file_variables
        target.update(hosts.table(host.name))


def _exists(source: str) -> bool:
    """Whether it is the path of something; a list of many hosts is longer than paths may be."""
    try:
        return Path(source).exists()
    except OSError:
        return False


def _read_list(source: str, builder: Builder) -> None:
    span = Span("<command line>", 1, 1, 1, 2)
    for text in source.split(","):
        name, port = ranges.split_port(text.strip())
        if not name:
            continue
        try:
            names = ranges.expand(name)
        except ValueError as error:
            builder.faults.add("bad-range", f"`{text}`: {error}", None)
            continue
        variables = {"ansible_port": made_up(port)} if port is not None else {}
        for one in names:
            builder.host(one, "ungrouped", span, variables)


class _Reader:
    """Reads sources into a builder, and remembers the folders that they stand in."""

    def __init__(
        self,
        builder: Builder,
        vault: Opener | None,
        construct: Construct | None,
        ignored: tuple[str, ...],
        patterns: Sequence[str],
    ) -> None:
        self.builder = builder
        self.vault = vault
        self.ignored = ignored
        self.patterns: list[re.Pattern[str]] = []
        for one in patterns:
            try:
                self.patterns.append(re.compile(one))
            except re.error as error:
                message = f"`inventory_ignore_patterns` has `{one}`, which is no regex: {error}"
                builder.faults.add("bad-value", message, None)
        self.faults = builder.faults
        self.construct = construct
        self.beside: dict[Path, None] = {}

    def load_folders(self) -> None:
        """Add group_vars and host_vars beside the sources so far."""
        for directory in self.beside:
            _load_folders(
                self.builder.inventory, directory, self.faults, self.vault, playbook=False
            )

    def source(self, path: Path) -> None:
        """Read what the user named."""
        self.builder.inventory.sources.append(path)
        self.beside.setdefault(path if path.is_dir() else path.parent)
        self.read(path)
        self.builder.source = None

    def read(self, path: Path) -> None:
        """Read a folder's files in the order of their names, or a file by what it is."""
        if not path.exists():
            self.faults.add(
                "missing-file",
                f"no inventory at `{path}`",
                None,
                help=("a list of hosts has a comma in it: `a,`",),
            )
        elif path.is_dir():
            for inner in sorted(path.iterdir()):
                if not self._is_ignored(inner.name):
                    self.read(inner)
        else:
            self.builder.source = path
            self._file(path)

    def _is_ignored(self, name: str) -> bool:
        if name in _NO_SOURCES or name.startswith(".") or name.endswith(self.ignored):
            return True
        return any(pattern.search(name) for pattern in self.patterns)

    def _file(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            if program.is_program(path, content):
                program.read(path, self.builder)
                return
            text = content.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.faults.add("unreadable-file", f"cannot read `{path}`: {reason}", None)
            return
        if path.suffix in _YAML or text.lstrip().startswith("---") or plugins.configures(path):
            try:
                self._yaml(load_text(text, str(path), self.vault).root)
            except InputError as error:
                self.faults.absorb(error)
            return
        try:
            ini.read(self._opened(text, str(path)), str(path), self.builder)
        except InputError as error:
            self.faults.absorb(error)

    def _opened(self, text: str, file: str) -> str:
        """The text of an INI file, opened where it is encrypted."""
        if self.vault is None or not text.startswith("$ANSIBLE_VAULT;"):
            return text
        opened = self.vault.open(text, Span(file, 1, 1, 1, 2)).decode("utf-8", "replace")
        pairs = (word.partition("=") for line in opened.splitlines() for word in line.split())
        self.vault.reveal({name: value.strip("\"'") for name, equals, value in pairs if equals})
        return opened

    def _yaml(self, root: Sourced) -> None:
        plugin = plugins.plugin_of(root)
        if plugin is None:
            yaml_form.read(root, self.builder)
        else:
            plugins.read(root, plugin, self.builder, self.construct, self.load_folders)
