"""Imports the agent's modules from the archive in memory; the first of them to run."""

import sys
from importlib.machinery import ModuleSpec
from typing import Any, Dict, List, Optional


class Archive:
    """Finds and loads modules among sources that are held in memory."""

    def __init__(self, sources: Dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        """Answer Python's import system."""
        if name not in self.sources:
            return None
        package = self.is_package(name)
        return ModuleSpec(name, self, origin=self.get_filename(name), is_package=package)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module to Python."""
        return

    def exec_module(self, module: Any) -> None:
        """Run a module's source."""
        name = module.__name__
        module.__file__ = self.get_filename(name)
        code = compile(self.sources[name], module.__file__, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - this is what an import is

    def is_package(self, name: str) -> bool:
        """Whether other modules lie under it."""
        return any(other.startswith(name + ".") for other in self.sources)

    def get_filename(self, name: str) -> str:
        """The name that tracebacks show."""
        return "<kplay>/%s.py" % name.replace(".", "/")

    def get_source(self, name: str) -> str:
        """The text of a module: tracebacks show its lines."""
        return self.sources[name]


def add(sources: Dict[str, str]) -> None:
    """Make more modules importable, beside those that the agent came with."""
    for finder in sys.meta_path:
        held = getattr(finder, "sources", None)
        if held is not None:
            held.update(sources)


def source(name: str) -> str:
    """The text of that name among those that were added; raises KeyError."""
    for finder in sys.meta_path:
        held = getattr(finder, "sources", None) or {}
        if name in held:
            return str(held[name])
    raise KeyError(name)


def install(sources: Dict[str, str]) -> List[Any]:
    """Put the archive first among what is importable."""
    sys.meta_path.insert(0, Archive(sources))
    return sys.meta_path
