"""What is in a tar or zip archive, read from its bytes."""

import calendar
import io
import posixpath
import re
import stat
import tarfile
import zipfile
from typing import List, NamedTuple, Sequence, Tuple

from kplay.modules.api import ModuleFailure


class Member(NamedTuple):
    """One path of an archive."""

    name: str
    state: str
    """file, directory or link; a hard link is a file with the content of its target."""
    mode: int
    owner: str
    group: str
    mtime: float
    target: str
    data: bytes


def members(data: bytes, name: str) -> Tuple[str, List[Member]]:
    """The kind of an archive, as Ansible names its handlers, and its members.

    Raises:
        ModuleFailure: it is neither a tar nor a zip archive, or leads out of its directory.
    """
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "ZipArchive", _zipped(data)
    kind = "TarArchive"
    for magic, handler in (
        (b"\x1f\x8b", "TgzArchive"),
        (b"BZh", "TarBzipArchive"),
        (b"\xfd7zXZ", "TarXzArchive"),
    ):
        kind = handler if data.startswith(magic) else kind
    try:
        return kind, _tarred(data)
    except (tarfile.TarError, EOFError, OSError) as error:
        message = f'Failed to find handler for "{name}": {error}'
        raise ModuleFailure(message) from None


def stripped(name: str, options: Sequence[str]) -> str:
    """The name without the leading parts that ``--strip-components`` takes off.

    Raises:
        ModuleFailure: another option is given.
    """
    count = 0
    words = list(options)
    while words:
        word = words.pop(0)
        match = re.match(r"^--strip(?:-components)?(?:=(\d+))?$", word)
        if match is None or (match.group(1) is None and not words):
            raise ModuleFailure(f"of extra_opts only --strip-components is known, not {word}")
        count = int(match.group(1) or words.pop(0))
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts[count:])


def _inside(name: str) -> str:
    if name.startswith("/") or ".." in name.split("/"):
        raise ModuleFailure(f"the archive leads out of its directory: {name}")
    return name


def _tarred(data: bytes) -> List[Member]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as whole:
        for one in whole:
            state = "directory" if one.isdir() else "link" if one.issym() else "file"
            if not (one.isdir() or one.issym() or one.isfile() or one.islnk()):
                continue
            reader = whole.extractfile(one) if state == "file" else None
            found.append(
                Member(
                    name=_inside(one.name),
                    state=state,
                    mode=one.mode & 0o7777,
                    owner=one.uname or str(one.uid),
                    group=one.gname or str(one.gid),
                    mtime=float(one.mtime),
                    target=one.linkname if state == "link" else "",
                    data=reader.read() if reader is not None else b"",
                )
            )
    return found


def _zipped(data: bytes) -> List[Member]:
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        for one in whole.infolist():
            mode = one.external_attr >> 16
            content = b"" if one.filename.endswith("/") else whole.read(one)
            state = "directory" if one.filename.endswith("/") else "file"
            state = "link" if stat.S_ISLNK(mode) else state
            found.append(
                Member(
                    name=_inside(posixpath.normpath(one.filename)),
                    state=state,
                    mode=stat.S_IMODE(mode) or (0o755 if state == "directory" else 0o644),
                    owner="",
                    group="",
                    mtime=float(calendar.timegm((*one.date_time, 0, 0, 0))),
                    target=content.decode("utf-8") if state == "link" else "",
                    data=b"" if state == "link" else content,
                )
            )
    return found
