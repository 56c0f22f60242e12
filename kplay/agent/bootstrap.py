"""What starts the agent: its sources as one compressed archive, and the stub that reads them."""

from __future__ import annotations

import base64
import dis
import hashlib
import io
import json
import shlex
import tokenize
import zlib
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARKER = b"\nkplay-agent 1 "
NO_PYTHON = "kplay-no-python"
OLDEST = (3, 6)

HOST_FILES = (
    "agreed", "answering", "blobs", "cipher", "diffs", "elevate", "engine", "fetching", "foreseen",
    "guards", "host", "icmp", "jobs", "limits", "link", "loader", "local", "lock", "overlay",
    "reaching", "reading", "relay", "remote", "running", "slot", "wire",
)  # fmt: skip
"""The files of this package that run on hosts; of kplay.modules all but the catalog do."""

CORE_MODULES = frozenset({"api", "schema"})
"""What every agent needs of kplay.modules."""

_MODULES = "kplay.modules."

STUB = """\
import os,sys,zlib,json
def r(n):
 b=b''
 while len(b)<n:
  c=os.read(0,n-len(b))
  if not c:os._exit(0)
  b+=c
 return b
os.write(1,('\\nkplay-agent 1 %d.%d\\n'%sys.version_info[:2]).encode())
if sys.version_info<(3,6):os._exit(0)
z=r(int(r(8),16))
a=json.loads(zlib.decompress(z).decode())
g={}
exec(a['sources']['kplay.agent.loader'],g)
g['install'](a['sources'])
from kplay.agent.remote import main
main(a['stub'],z)
"""

CANDIDATES = (
    "python3",
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    *(f"/usr/bin/python3.{minor}" for minor in range(14, 5, -1)),
    "/usr/local/bin/python3",
    "/opt/bin/python",
)

AUTOMATIC = frozenset({"", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent"})


class Archive(NamedTuple):
    """The agent's sources, ready to send."""

    data: bytes
    """Eight hexadecimal digits of length, then zlib-compressed JSON."""
    digest: str


def command(interpreter: str = "") -> str:
    """The shell text that starts the agent, looking for Python when none is named."""
    stub = f"-I -S -c {shlex.quote(STUB)}"
    if interpreter not in AUTOMATIC:
        return f"exec /bin/sh -c {shlex.quote(f'exec {interpreter} {stub}')}"
    tries = " ".join(CANDIDATES)
    script = (
        f'for p in {tries}; do if command -v "$p" >/dev/null 2>&1; then exec "$p" {stub}; fi; '
        f"done; echo {NO_PYTHON}; exit 127"
    )
    return f"exec /bin/sh -c {shlex.quote(script)}"


def host_files() -> list[Path]:
    """All source files that run on hosts."""
    here = Path(__file__).parent
    modules = sorted(here.with_name("modules").glob("*.py"))
    own = [here / f"{name}.py" for name in HOST_FILES]
    return own + [path for path in modules if path.name != "catalog.py"]


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    found = {"kplay": "", "kplay.agent": ""}
    for path in host_files():
        name = f"kplay.{path.parent.name}.{path.stem}".removesuffix(".__init__")
        found[name] = _bare(path.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def archive() -> Archive:
    """The agent without the modules that steps name; deterministic, made once a process."""
    core = {
        name: text
        for name, text in _sources().items()
        if not name.startswith(_MODULES) or name.removeprefix(_MODULES) in CORE_MODULES
    }
    text = json.dumps({"stub": STUB, "sources": core}, separators=(",", ":"), sort_keys=True)
    packed = zlib.compress(text.encode(), 9)
    return Archive(b"%08x" % len(packed) + packed, hashlib.sha256(packed).hexdigest())


def modules(names: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    """Sources of modules, and of what they import of kplay, by full name.

    Args:
        names: modules that steps name; one that there is not is left out, the agent says so.
        extra: module name to source text, in place of kplay's own or besides.
    """
    found: dict[str, str] = {}
    open_names = [_MODULES + name for name in names]
    while open_names:
        name = open_names.pop()
        text = extra.get(name.removeprefix(_MODULES)) or _sources().get(name)
        if text is None or name in found or name.removeprefix(_MODULES) in CORE_MODULES:
            continue
        found[name] = text
        open_names += _imports(text)
    return dict(sorted(found.items()))


@lru_cache(maxsize=1024)
def packed_modules(sources: tuple[tuple[str, str], ...]) -> str:
    """Sources as the wire has them: base64 of zlib-compressed JSON."""
    text = json.dumps(dict(sources), separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


@lru_cache(maxsize=1024)
def _imports(text: str) -> tuple[str, ...]:
    """Read from bytecode: until Python 3.11.9, ``ast.parse`` fails when two threads are in it.

    https://github.com/python/cpython/issues/106905
    """
    found = []
    open_codes = [compile(text, "<module>", "exec")]
    while open_codes:
        code = open_codes.pop()
        open_codes += [one for one in code.co_consts if isinstance(one, CodeType)]
        base = ""
        for one in dis.get_instructions(code):
            if one.opname == "IMPORT_NAME":
                base = str(one.argval)
                found.append(base)
            elif one.opname == "IMPORT_FROM":
                found.append(f"{base}.{one.argval}")
    return tuple(name for name in found if name.startswith(_MODULES))


def _bare(text: str) -> str:
    """The source without comments and docstrings, every line where it was: tracebacks fit."""
    pieces: list[str] = []
    row, column = 1, 0
    opening = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        prose = token.type == tokenize.STRING and opening
        if token.type not in {tokenize.NL, tokenize.COMMENT}:
            opening = token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        if token.start[0] > row:
            pieces.append("\n" * (token.start[0] - row))
            row, column = token.start[0], 0
        if token.type == tokenize.COMMENT or token.type in {tokenize.NL, tokenize.NEWLINE}:
            continue
        if token.start[1] > column:
            pieces.append(" " * (token.start[1] - column))
        pieces.append('""' if prose else token.string)
        row, column = token.end
        if prose:
            pieces.append("\n" * (token.end[0] - token.start[0]))
    return "".join(pieces).rstrip() + "\n"
