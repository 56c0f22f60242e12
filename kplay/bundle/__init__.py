"""The artifacts of an air-gapped install, with their digests: build, verify, read.

What is heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplay.bundle.assemble import build, lock_of
    from kplay.bundle.compare import verify
    from kplay.bundle.model import Artifact, Lock, Problem, load_lock
    from kplay.bundle.place import default_directory

__all__ = [
    "Artifact",
    "Lock",
    "Problem",
    "build",
    "default_directory",
    "load_lock",
    "lock_of",
    "verify",
]

_HOME = {
    "Artifact": "model",
    "Lock": "model",
    "Problem": "model",
    "build": "assemble",
    "default_directory": "place",
    "load_lock": "model",
    "lock_of": "assemble",
    "verify": "compare",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"kplay.bundle.{_HOME[name]}"), name)
