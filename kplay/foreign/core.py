"""ansible-core as it is installed on this controller."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def core_folder() -> Path | None:
    """The folder of ansible-core: importable from here, or behind ``ansible`` on PATH."""
    spec = importlib.util.find_spec("ansible")
    if spec is not None and spec.origin and Path(spec.origin).with_name("release.py").is_file():
        return Path(spec.origin).parent
    program = shutil.which("ansible")
    if program is None:
        return None
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^\s*ansible python module location = (.+)$", said, re.MULTILINE)
    folder = Path(found[1].strip()) if found else None
    return folder if folder is not None and folder.is_dir() else None


@cache
def core_version(folder: Path) -> str:
    """The version of ansible-core in a folder; empty when it does not say."""
    try:
        text = (folder / "release.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r"^__version__ = ['\"]([^'\"]+)", text, re.MULTILINE)
    return found[1] if found else ""


@cache
def told_names(folder: Path) -> frozenset[str]:
    """What this version's modules may be told beside their arguments, without ``_ansible_``.

    A name that they do not know would fail them as an argument that they do not know.
    """
    try:
        text = (folder / "module_utils/common/parameters.py").read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    table = re.search(r"^PASS_VARS\b[^=]*= \{(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^\s+['\"](\w+)['\"]:", table[1] if table else "", re.MULTILINE))
