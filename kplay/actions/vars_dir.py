"""Which files of a folder ``include_vars: {dir: …}`` reads."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXTENSIONS = ("yaml", "yml", "json")


def files_of(folder: Path, args: Mapping[str, Any]) -> list[Path]:
    """The files in the order in which they are read, folder by folder.

    Args:
        folder: where to look.
        args: depth (0 is all the way down), files_matching, ignore_files, extensions and
            ignore_unknown_extensions, as Ansible's documentation has them.

    Raises:
        ValueError: a file with another extension, or a pattern that cannot be.
    """
    deepest = int(args.get("depth") or 0)
    given = args.get("extensions") or EXTENSIONS
    kept = [str(one) for one in ([given] if isinstance(given, str) else given)]
    found = []
    for level, path in _walk(folder):
        if deepest and level > deepest:
            continue
        if not _wanted(path.name, args):
            continue
        if path.suffix.removeprefix(".") in kept:
            found.append(path)
        elif str(args.get("ignore_unknown_extensions", False)).lower() not in ("true", "yes", "1"):
            raise ValueError(f"`{path}` has none of the extensions {', '.join(kept)}")
    return found


def _walk(folder: Path) -> Iterator[tuple[int, Path]]:
    for root, _, names in sorted(os.walk(folder)):
        here = Path(root)
        level = len(here.relative_to(folder).parts) + 1
        yield from ((level, here / name) for name in sorted(names))


def _wanted(name: str, args: Mapping[str, Any]) -> bool:
    matching = args.get("files_matching")
    if matching and not re.search(str(matching), name):
        return False
    ignored = args.get("ignore_files") or ()
    patterns = ignored.split() if isinstance(ignored, str) else ignored
    return not any(re.search(rf"{one}\Z", name) for one in patterns)
