"""Build Go programs from a module of the module proxy, or from our own sources."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.bundle.model import BundleError
from kplay.bundle.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kplay.bundle.components import Chart, Program

_RELATIVE_REPLACE = re.compile(r"^(\s*(?:replace\s+)?)(\S+)(?: \S+)? => \.\.?/\S*\n", re.MULTILINE)
_UNVERSIONED = re.compile(r"^(\s*(?:require\s+)?\S+) v0\.0\.0(?=\s|$)", re.MULTILINE)
_GO_VERSION = "1.26"  # the language version of our own sources


def build_program(
    program: Program,
    *,
    root: Path,
    target: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Build every output of ``program`` below ``target``; ``root`` holds our own sources.

    The same toolchain makes the same bytes wherever it is run: paths are trimmed, and neither a
    build id nor a clock is written.

    Raises:
        BundleError: the module is not the pinned one, or not as the component list says.
        CommandError: the download or the build failed.
    """
    with tempfile.TemporaryDirectory(prefix="kplay-go-", dir=target) as scratch:
        tree = Path(scratch, "tree")
        if program.module:
            say(f"fetching {program.module} {program.version}")
            archive = download_module(program, Path(scratch), environment, say)
            lay_module(archive, program, root, tree)
        else:
            shutil.copytree(root / program.source, tree)
            text = f"module kplay.invalid/{program.name}\n\ngo {_GO_VERSION}\n"
            (tree / "go.mod").write_text(text, encoding="utf-8")
        flags = ["-s", "-w", "-buildid="]
        for name, value in sorted(program.variables.items()):
            flags += ["-X", f"{name}={value}"]
        for output, package in program.outputs.items():
            say(f"building {output}")
            (target / output).parent.mkdir(parents=True, exist_ok=True)
            draft = Path(scratch, "output")
            argv = ["go", "build", "-v", "-trimpath", f"-tags={','.join(program.tags)}"]
            argv += [f"-ldflags={' '.join(flags)}", "-o", str(draft), package]
            run(argv, say=say, cwd=tree, environment=environment)
            draft.replace(target / output)


def download_module(
    program: Program | Chart, cwd: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> Path:
    """Give the archive of a module, checked against its hash.

    Raises:
        BundleError: the module is not the pinned one.
        CommandError: it cannot be fetched.
    """
    argv = ["go", "mod", "download", "-json", f"{program.module}@{program.version}"]
    answer = json.loads(run(argv, say=say, cwd=cwd, environment=environment))
    if answer["Sum"] != program.sum:
        raise BundleError(
            f"module {program.module} {program.version} has hash {answer['Sum']}, "
            f"expected {program.sum}"
        )
    return Path(answer["Zip"])


def lay_module(archive: Path, program: Program, root: Path, tree: Path) -> None:
    """Unpack a module's archive at ``tree`` and make the changes that ``program`` asks for.

    Raises:
        BundleError: an import to be removed is not there.
    """
    prefix = f"{program.module}@{program.version}/"
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            inside = name.removeprefix(prefix)
            if inside == name or ".." in Path(inside).parts:
                raise BundleError(f"{archive} holds {name!r}, which is not of {prefix}")
            file = tree / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(packed.read(name))
    module_file = tree / "go.mod"
    text = module_file.read_text(encoding="utf-8")
    module_file.write_text(stand_alone(text, program.staging), encoding="utf-8")
    for inside, source in program.add.items():
        if (tree / inside).exists():
            shutil.rmtree(tree / inside)
        shutil.copytree(root / source, tree / inside)
    for inside, imports in program.drop_imports.items():
        file = tree / inside
        text = file.read_text(encoding="utf-8")
        for one in imports:
            text, count = re.subn(rf'^\s*_ "{re.escape(one)}"\n', "", text, flags=re.MULTILINE)
            if count != 1:
                raise BundleError(f"{inside} of {program.module} does not import {one} once")
        file.write_text(text, encoding="utf-8")


def stand_alone(text: str, staging: str) -> str:
    """Make a go.mod that replaces modules by directories of its repository work without them.

    Without ``staging`` those replacements go: a released module requires the right versions.
    With it, they become replacements by that version, as does ``v0.0.0`` where it is required.
    """
    if not staging:
        return _RELATIVE_REPLACE.sub("", text)
    text = _RELATIVE_REPLACE.sub(rf"\1\2 => \2 {staging}\n", text)
    return _UNVERSIONED.sub(rf"\1 {staging}", text)
