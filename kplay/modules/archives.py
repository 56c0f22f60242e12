"""Tar and zip archives: what is in one, read from its bytes, and one made of a host's files."""

import bz2
import calendar
import gzip
import hashlib
import io
import lzma
import posixpath
import re
import stat
import tarfile
import time
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Stat


SHORT = 16 * 1024
"""Bytes of a member whose text a plan keeps."""


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
    known: str = ""
    """SHA-256 of the whole data, where long ones stayed on the controller."""

    @property
    def digest(self) -> str:
        """SHA-256 of its content, hexadecimal."""
        return self.known or hashlib.sha256(self.data).hexdigest()


def listing(data: bytes, name: str) -> Dict[str, Any]:
    """Give what a plan needs of an archive: its handler, and its members without their data."""
    handler, found = members(data, name)
    rows = [[*one[:7], one.digest, text(one.data)] for one in found]
    return {"handler": handler, "members": rows}


def listed(given: Dict[str, Any]) -> Tuple[str, List[Member]]:
    """Read what ``listing`` gave."""
    rows = given["members"]
    return given["handler"], [Member._make([*row[:7], _bytes(row[8]), row[7]]) for row in rows]


def text(data: bytes) -> Optional[str]:
    """Give a short text for a plan, as latin-1; None for what is long or no text."""
    return data.decode("latin-1") if len(data) <= SHORT and b"\0" not in data else None


def _bytes(short: Optional[str]) -> bytes:
    return (short or "").encode("latin-1")


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


class Source(NamedTuple):
    """A path of the host that goes into an archive."""

    name: str
    path: str
    stat: "Stat"


def packed(sources: Sequence[Source], read: Callable[[str], bytes], kind: str) -> bytes:
    """An archive of the sources.

    Args:
        sources: files, directories and links, each directory before what is in it.
        read: gives the bytes of a file.
        kind: zip, tar, gz, bz2 or xz; the last three are tar archives, compressed.
    """
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
            for one in sources:
                whole.writestr(_zip_entry(one), _zip_data(one, read))
        return out.getvalue()
    mode = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}.get(kind, "w")
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for one in sources:
            data = read(one.path) if one.stat.state == "file" else b""
            tar.addfile(_tar_entry(one, len(data)), io.BytesIO(data))
    return out.getvalue()


def _tar_entry(one: Source, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(one.name)
    kinds = {"directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}
    entry.type = kinds.get(one.stat.state, tarfile.REGTYPE)
    entry.size, entry.mode, entry.mtime = size, one.stat.mode, int(one.stat.mtime)
    entry.uid, entry.gid = one.stat.uid, one.stat.gid
    entry.uname, entry.gname = one.stat.owner, one.stat.group
    entry.linkname = one.stat.target if one.stat.state == "link" else ""
    return entry


def _zip_entry(one: Source) -> zipfile.ZipInfo:
    # a zip archive knows no time before 1980
    when = time.gmtime(max(one.stat.mtime, 315532800))[:6]
    folder = one.stat.state == "directory"
    entry = zipfile.ZipInfo(one.name + ("/" if folder else ""), when)
    kinds = {"directory": stat.S_IFDIR, "link": stat.S_IFLNK}
    entry.external_attr = (kinds.get(one.stat.state, stat.S_IFREG) | one.stat.mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _zip_data(one: Source, read: Callable[[str], bytes]) -> bytes:
    if one.stat.state == "link":
        return one.stat.target.encode("utf-8")
    return read(one.path) if one.stat.state == "file" else b""


def compressed(data: bytes, source: Source, kind: str) -> bytes:
    """One file's content, compressed and in no archive; kind is gz, bz2 or xz."""
    if kind == "bz2":
        return bz2.compress(data)
    if kind == "xz":
        return lzma.compress(data)
    out = io.BytesIO()
    name = posixpath.basename(source.path)
    with gzip.GzipFile(name, "wb", fileobj=out, mtime=source.stat.mtime) as whole:
        whole.write(data)
    return out.getvalue()


def decompressed(data: bytes) -> bytes:
    """The content of a file that was compressed alone.

    Raises:
        ModuleFailure: it was not, or is broken.
    """
    try:
        if data.startswith(b"BZh"):
            return bz2.decompress(data)
        if data.startswith(b"\xfd7zXZ"):
            return lzma.decompress(data)
        return gzip.decompress(data)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        message = f"it is not compressed as gzip, bzip2 or xz do: {error}"
        raise ModuleFailure(message) from None
