"""Filters, tests and lookups of the user: Python files beside playbooks, in roles, in collections.

They are found where Ansible finds them, and imported when the playbook is loaded.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.foreign import routing
from kplay.foreign.core import core_folder
from kplay.resolve.faults import TemplateError
from kplay.resolve.filters import FILTERS
from kplay.resolve.filters.registry import from_plugin, safe_filter, safe_test
from kplay.resolve.jinja_tests import TESTS
from kplay.resolve.lookups import USER as LOOKUPS
from kplay.resolve.lookups import lookup_names
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

KINDS = ("filter", "test", "lookup")
_CLASSES = {"filter": "FilterModule", "test": "TestModule"}
_BUILT_IN = {"filter": dict(FILTERS), "test": dict(TESTS)}
_HOMES = (Path("~/.ansible/plugins"), Path("/usr/share/ansible/plugins"))


class Plugins:
    """What a run has found; there is one at a time, since templates see one table of filters.

    Args:
        collections_path: folders that hold ``ansible_collections``.
        folders: further folders of one kind each (``filter_plugins`` of ansible.cfg and the like).
    """

    def __init__(
        self, collections_path: Iterable[Path] = (), folders: Iterable[tuple[str, Path]] = ()
    ) -> None:
        self.roots = [one for one in collections_path if (one / "ansible_collections").is_dir()]
        self._seen: set[Path] = set()
        forget()
        FILTERS.finder = lambda name: self._of_collection("filter", name)
        TESTS.finder = lambda name: self._of_collection("test", name)
        LOOKUPS.finder = lambda name: self._of_collection("lookup", name)
        for kind in KINDS:
            for home in _HOMES:
                self._folder(kind, home.expanduser() / kind)
        for kind, folder in folders:
            self._folder(kind, folder)

    def add(self, folder: Path) -> None:
        """Take up the plugins of a playbook's or a role's folder.

        As Ansible does, a file that cannot be imported is passed by: it may be for other
        versions, and only a name that nothing else brings is a fault.
        """
        beside = folder / "collections"
        if (beside / "ansible_collections").is_dir() and beside not in self.roots:
            self.roots.insert(0, beside)
        for kind in KINDS:
            self._folder(kind, folder / f"{kind}_plugins")

    def _folder(self, kind: str, folder: Path, prefix: str = "") -> None:
        known = folder.resolve()
        if known in self._seen or not folder.is_dir():
            return
        self._seen.add(known)
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith("_"):
                try:
                    self._take(kind, path, prefix)
                except InputError as error:
                    _pass_by(kind, prefix + path.stem, error)

    def _take(self, kind: str, path: Path, prefix: str) -> None:
        module = _imported(path, prefix)
        if kind == "lookup":
            if hasattr(module, "LookupModule"):
                from kplay.resolve.lookup_plugins import adapted

                LOOKUPS[prefix + path.stem] = adapted(prefix + path.stem, module, path)
            return
        for name, function in _functions(kind, module, path):
            if kind == "filter":
                FILTERS[prefix + name] = from_plugin(safe_filter(prefix + name, function), path)
            else:
                TESTS[prefix + name] = from_plugin(safe_test(prefix + name, function), path)

    def _of_collection(self, kind: str, name: str) -> bool:
        """Whether a collection that is installed brings a name such as ``a.b.name``.

        A short name is one of those that left ansible-core for a collection.
        """
        table: dict[str, Any] = {"filter": FILTERS, "test": TESTS, "lookup": LOOKUPS}[kind]
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            return False
        if len(parts) == 1:
            moved = _moved(kind, name)
            if not moved or not self._of_collection(kind, moved):
                return False
            table[name] = dict.__getitem__(table, moved)
            return True
        if len(parts) < 3:
            return False
        for root in self.roots:
            base = root / "ansible_collections" / parts[0] / parts[1]
            folder = base.joinpath("plugins", kind, *parts[2:-1])
            if folder.is_dir():
                if str(root) not in sys.path:
                    sys.path.append(str(root))
                if kind == "lookup":
                    path = folder / f"{parts[-1]}.py"
                    if path.is_file():
                        self._take(kind, path, f"{parts[0]}.{parts[1]}.")
                else:
                    self._folder(kind, folder, ".".join(parts[:-1]) + ".")
            if dict.__contains__(table, name):
                return True
        return False


def _pass_by(kind: str, name: str, error: InputError) -> None:
    """Remember a file that cannot be imported for the names that are then not found."""
    (fault,) = error.diagnostics
    if kind == "lookup":

        def fails(*_: Any) -> Any:
            raise TemplateError(fault)

        LOOKUPS[name] = fails
        return
    table = FILTERS if kind == "filter" else TESTS
    table.broken = (*table.broken, "; ".join((f"{fault.span}: {fault.message}", *fault.help)))


def _moved(kind: str, name: str) -> str:
    """The full name of what left ansible-core, by its short name; empty when it did not."""
    if kind == "lookup" and name in lookup_names():
        return ""
    core = core_folder()
    return "" if core is None else routing.route(core, routing.BUILTIN, kind, name).redirect


def forget() -> None:
    """Drop what an earlier run found."""
    for kind, table in (("filter", FILTERS), ("test", TESTS)):
        table.clear()
        table.update(_BUILT_IN[kind])
        table.finder = None
        table.broken = ()
    LOOKUPS.clear()
    LOOKUPS.finder = None


def _functions(
    kind: str, module: ModuleType, path: Path
) -> Iterator[tuple[str, Callable[..., Any]]]:
    found = getattr(module, _CLASSES[kind], None)
    if found is None:
        return
    try:
        table = getattr(found(), f"{kind}s")()
        yield from dict(table).items()
    except Exception as error:
        raise _broken(path, error) from error


def _imported(path: Path, prefix: str) -> ModuleType:
    """The module of a plugin's file.

    Raises:
        InputError: it cannot be imported.
    """
    name = f"kplay_plugin_{prefix.replace('.', '_')}{path.parent.name}_{path.stem}"
    if prefix:
        space, collection = prefix.split(".")[:2]
        name = f"ansible_collections.{space}.{collection}.plugins.{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a path that ends in .py has both
        raise InputError(Diagnostic("bad-plugin", f"cannot import {path}", None))
    module = importlib.util.module_from_spec(spec)
    written = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _broken(path, error) from error
    finally:
        sys.dont_write_bytecode = written
    return module


def _broken(path: Path, error: Exception) -> InputError:
    help_line: tuple[str, ...] = ()
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        wanted = {"ansible": "ansible-core"}.get(package, package)
        help_line = (f"install the Python package `{wanted}` beside kplay",)
    said = str(error) or type(error).__name__
    message = f"the plugin cannot be imported: {said[:1].lower() + said[1:]}"
    return InputError(Diagnostic("bad-plugin", message, place(path, error), help=help_line))


def place(path: Path, error: BaseException) -> Span:
    """The line of a plugin's file that an error came from."""
    names = (str(path), str(path.absolute()))
    lines = [
        frame.lineno or 1
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in names
    ]
    line = lines[-1] if lines else 1
    if isinstance(error, SyntaxError) and error.lineno and error.filename in names:
        line = error.lineno
    return Span(str(path), line, 1, line, 10_000)
