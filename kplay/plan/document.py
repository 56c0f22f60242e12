"""A plan file: a plan, what it was made of, and what each step observed (docs/plan-files.md)."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import os
import socket
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay import __version__
from kplay.agent.agreed import digest
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.plan.model import PlanData
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kplay.graph.model import PlayStrand

KIND = "kplay plan"
SCHEMA = 1


@dataclass(slots=True)
class Document:
    """The content of a plan file; the fields are those of kplay/plan/schema.json."""

    made: dict[str, Any]
    """at (seconds since the epoch), user, controller, version and digest of kplay."""
    salt: str
    """Base64; key of the digests."""
    options: dict[str, Any]
    inputs: dict[str, Any]
    """files, settings, inventory."""
    plan: dict[str, Any]
    """What ``kplay plan --format json`` prints; ids are as ``namer`` gives them."""
    calls: dict[str, dict[str, Any]]
    """What was observed and wanted, by id of the call; a call that is not here changes nothing."""
    open: list[str]
    """Steps of which the plan could not tell what they do."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """To vars_prompt: text, or the digest of what is withheld."""
    kind: str = KIND
    schema: int = SCHEMA

    @property
    def key(self) -> bytes:
        """The salt as bytes."""
        return base64.b64decode(self.salt)

    @property
    def data(self) -> PlanData:
        """The plan, to be shown."""
        return PlanData.from_json(self.plan)

    def text(self) -> str:
        """The file's text."""
        first = ("kind", "schema", "made")
        table = json.loads(json.dumps(asdict(self), default=str))
        ordered = {name: table[name] for name in (*first, *table)}
        return json.dumps({**ordered, "digest": _digest(table)}, indent=1) + "\n"

    def write(self, path: Path) -> None:
        """Write a file that only this user can read, in one go; into a pipe or device as it is.

        Raises:
            InputError: it cannot be written.
        """
        target = Path(os.path.realpath(path))
        try:
            if path.exists() and not path.is_file():
                path.write_text(self.text(), encoding="utf-8")
                return
            descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    stream.write(self.text())
                Path(beside).replace(target)
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            message = f"cannot write the plan to `{path}`: {error.strerror}"
            raise InputError(Diagnostic("unwritable-file", message, None)) from error


def maker() -> dict[str, Any]:
    """What ``made`` of a plan made now begins with: all but the digest of kplay."""
    return {
        "at": time.time(),
        "user": getpass.getuser(),
        "controller": socket.gethostname(),
        "version": __version__,
    }


def is_plan_file(path: Path) -> bool:
    """Whether a file is to be a plan file and no playbook, which is never a JSON object.

    One that is called .json, and is cut short to nothing or not there at all, is to be one.
    """
    json_name = path.suffix == ".json"
    try:
        with path.open("rb") as stream:
            first = stream.read(64).lstrip()
    except OSError:
        return json_name
    return first.startswith(b"{") or (json_name and first in (b"", b"null"))


def read(path: Path) -> Document:
    """Read a plan file.

    Raises:
        InputError: it cannot be read, is damaged, no plan file, or of a newer kplay.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _fault("unreadable-file", f"cannot read `{path}`: {reason}") from error
    try:
        table = json.loads(text)
    except ValueError as error:
        at = error if isinstance(error, json.JSONDecodeError) else None
        place = Span(str(path), at.lineno, at.colno, at.lineno, at.colno + 1) if at else None
        message = "this is no whole plan file: " + (at.msg[:1].lower() + at.msg[1:] if at else "")
        raise _fault("bad-plan-file", message.rstrip(": "), place) from error
    if not isinstance(table, dict) or table.get("kind") != KIND:
        raise _fault("bad-plan-file", f"`{path}` is no plan file: `kplay plan -o FILE` makes one")
    schema = table.get("schema")
    if not isinstance(schema, int):
        raise _fault("bad-plan-file", f"`{path}` says no `schema`, the version of its form")
    if schema > SCHEMA:
        version = table.get("made", {}).get("version", "?")
        message = f"`{path}` has schema {schema}, and this kplay knows up to {SCHEMA}"
        raise _fault("newer-plan-file", message, notes=(f"kplay {version} made it",))
    try:
        document = _document(table)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
        raise _fault("bad-plan-file", f"`{path}` is damaged: {what}") from error
    if table.get("digest") != _digest(table):
        raise _fault(
            "bad-plan-file",
            f"`{path}` is not as `kplay plan` wrote it: its `digest` is that of other content",
            help=("plan again, and have that reviewed",),
        )
    return document


def _digest(table: dict[str, Any]) -> str:
    """SHA-256 of a file's content, however it is laid out; it finds accidents, not forgers."""
    content = {name: value for name, value in table.items() if name != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _document(table: dict[str, Any]) -> Document:
    kinds: dict[str, type] = {
        "made": dict, "salt": str, "options": dict, "inputs": dict, "plan": dict, "calls": dict,
        "open": list, "answers": dict,
    }  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(table[name], kind):
            raise TypeError(f"`{name}` is no {kind.__name__}")
    for name in ("files", "settings", "inventory"):
        table["inputs"][name]
    if not all(isinstance(call, dict) and "action" in call for call in table["calls"].values()):
        raise TypeError("`calls` holds what is no call")
    found = Document(**{name: table[name] for name in (*kinds, "kind", "schema")})
    _ = found.key, found.data
    return found


def _fault(code: str, message: str, span: Span | None = None, **more: Any) -> InputError:
    return InputError(Diagnostic(code, message, span, **more))


def namer(plays: Sequence[PlayStrand], key: bytes) -> Callable[[str], str]:
    """Gives ids that do not depend on which host reached an include first.

    A step's id has the position of its task; where an include expands, the position's number is
    replaced by a digest of what the include was given.
    """

    def name(step: str) -> str:
        position, at, rest = step.partition("@")
        parts = position.split(".")
        expansions = plays[int(parts[0])].expansions
        if expansions:
            numbers = tuple(map(int, parts))
            for length in range(1, len(numbers) + 1):
                given = expansions.get(numbers[:length])
                if given is not None:
                    parts[length - 1] = f"x{digest(given, key)[:12]}"
        return ".".join(parts) + at + rest

    return name
