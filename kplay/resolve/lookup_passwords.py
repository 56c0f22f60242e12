"""Lookups that make secrets; those of `password` stay in files of the controller."""

from __future__ import annotations

import base64
import fcntl
import os
import random
import string
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.resolve.filters.passwords import SCHEMES, hashed, new_salt
from kplay.resolve.lookup_tables import key_and_options
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_CHARACTERS = ("ascii_letters", "digits", ".,:-_")
_OPTIONS = ("length", "chars", "encrypt", "seed", "ident")


def _source(seed: Any) -> random.Random:
    return random.SystemRandom() if seed is None else random.Random(str(seed))  # noqa: S311


def _whole(options: Options, name: str, default: int) -> int:
    value = options.get(name, default)
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` is a number, not `{value}`") from error


def _characters(given: Any) -> str:
    """The letters to choose from: names of sets, or letters as they are."""
    parts = given.split(",") if isinstance(given, str) else [str(one) for one in given]
    text = "".join(getattr(string, part, part) if part.isidentifier() else part for part in parts)
    return text.replace('"', "").replace("'", "")


def _written(text: str) -> list[str]:
    """The sets of a term; two commas stand for one."""
    parts = [part for part in text.replace(",,", ",").split(",") if part]
    return [",", *parts] if ",," in text else parts


def password(scope: Scope, terms: list[Any], options: Options) -> list[Any] | Unknown:
    """Random passwords, each kept in a file and read from it from then on."""
    found: list[Any] = []
    for term in terms:
        name, own = key_and_options(term, _OPTIONS)
        given = {**options, **own}
        if "chars" in own:
            given["chars"] = _written(own["chars"])
        kept = Path(name).expanduser()
        path = kept if kept.is_absolute() else scope.store.playbook_dir / kept
        made = _kept(path, given, writes=scope.context.run_programs)
        if made is None:
            return Unknown(f"the password that will be made in {path}")
        found.append(made)
    return found


def _new(given: Options) -> str:
    letters = _characters(given.get("chars", _CHARACTERS))
    source = _source(given.get("seed"))
    return "".join(source.choice(letters) for _ in range(_whole(given, "length", 20)))


def _kept(path: Path, given: Options, *, writes: bool) -> str | None:
    """The password of a file, made when there is none; None where it may not be written."""
    _whole(given, "length", 20)
    scheme = given.get("encrypt")
    scheme = SCHEMES.get(str(scheme), str(scheme)) if scheme else None
    if scheme and scheme not in SCHEMES.values():
        raise ValueError(f"encrypt `{scheme}` is not one of {', '.join(SCHEMES.values())}")
    passing = path == Path(os.devnull)
    if not writes and not path.is_file() and given.get("seed") is None:
        return None
    if passing or not writes:
        read = path.read_text(encoding="utf-8").rstrip() if path.is_file() else ""
        secret, salt, ident = _parts(read or _new(given))
        return _shown(secret, scheme, salt, given.get("ident") or ident)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path):
        before = path.read_text(encoding="utf-8").rstrip() if path.exists() else None
        secret, salt, ident = _parts(_new(given) if before is None else before)
        if scheme and not salt:
            salt = new_salt(scheme)
            ident = given.get("ident") or ("2b" if scheme == "bcrypt" else None)
        text = secret + (f" salt={salt}" if salt else "") + (f" ident={ident}" if ident else "")
        if text != before:
            _write(path, text + "\n")
    return _shown(secret, scheme, salt, ident)


def _parts(text: str) -> tuple[str, str | None, str | None]:
    """A file's password, salt and version of bcrypt."""
    text, _, ident = text.partition(" ident=")
    secret, _, salt = text.partition(" salt=")
    return secret, salt or None, ident or None


def _shown(secret: str, scheme: str | None, salt: str | None, ident: str | None) -> str:
    return secret if not scheme else hashed(secret, scheme, salt=salt, ident=ident)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder of a file against other runs."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


_SIMILAR = "il1LoO0"
_KINDS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numbers": string.digits,
    "special": string.punctuation,
}


def random_string(scope: Scope, terms: list[Any], options: Options) -> list[Any] | Unknown:
    """A random text of letters, digits and signs, with at least so many of each kind."""
    del terms
    length, seed = _whole(options, "length", 8), options.get("seed")
    if seed is None and not scope.context.run_programs:
        return Unknown("a random text")
    kinds = {name: options.get(f"override_{name}") or text for name, text in _KINDS.items()}
    if options.get("ignore_similar_chars"):
        similar = options.get("similar_chars", _SIMILAR)
        kinds = {name: "".join(c for c in text if c not in similar) for name, text in kinds.items()}
    source = _source(seed)
    letters = options.get("override_all") or "".join(
        text for name, text in kinds.items() if options.get(name, True)
    )
    least = {"numbers": "min_numeric"}
    chosen = ""
    if not options.get("override_all"):
        for name, text in kinds.items():
            wanted = _whole(options, least.get(name, f"min_{name}"), 0)
            chosen += "".join(source.choice(text) for _ in range(wanted))
    if len(chosen) > length or (not letters and len(chosen) < length):
        raise ValueError(f"a text of {length} cannot have what is asked for")
    chosen += "".join(source.choice(letters) for _ in range(length - len(chosen)))
    mixed = list(chosen)
    if seed is None:
        source.shuffle(mixed)
    text = "".join(mixed)
    return [base64.b64encode(text.encode()).decode() if options.get("base64") else text]


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {"password": password}
COLLECTIONS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {
    "community.general.random_string": random_string
}
