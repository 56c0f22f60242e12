"""Filters between values and text: JSON, YAML, base64, digests."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date
from typing import Any

import yaml

from kplay.resolve.lazy import settle
from kplay.resolve.unknown import PartialResult
from kplay.source import OpenedText
from kplay.yaml_reader import plain, plain_documents


class _Dumper(yaml.SafeDumper):
    """Safe dumping that takes subclasses of plain types for what they are."""


_Dumper.add_multi_representer(str, lambda dumper, value: dumper.represent_str(str(value)))
_Dumper.add_representer(
    OpenedText, lambda dumper, value: dumper.represent_scalar("!vault", value.sealed, style="|")
)
_Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(dict(value)))
_Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_list(list(value)))


def _plain(value: Any) -> Any:
    if isinstance(value, PartialResult):
        return value.known()
    return settle(value)


def _encode(value: Any) -> Any:
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def to_json(value: Any, *args: Any, **options: Any) -> str:
    """The value as JSON on one line."""
    options.pop("vault_to_text", None)
    options.pop("preprocess_unsafe", None)
    return json.dumps(_plain(value), *args, **{"default": _encode, **options})


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """The value as JSON, indented and sorted."""
    options = {"separators": (",", ": "), **options}
    return to_json(value, indent=indent, sort_keys=sort_keys, **options)


def from_json(value: Any, **options: Any) -> Any:
    """The value behind a JSON text."""
    return json.loads(value, **options)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """The value as YAML."""
    options.pop("vault_behavior", None)
    base = {"allow_unicode": True, "default_flow_style": default_flow_style, **options}
    text = str(yaml.dump(_plain(value), Dumper=_Dumper, **base))
    if text.endswith("\n...\n") and not options.get("explicit_end"):
        return text.removesuffix("...\n")
    return text


def to_nice_yaml(
    value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any
) -> str:
    """The value as YAML in block style."""
    return to_yaml(value, default_flow_style=default_flow_style, indent=indent, **options)


def from_yaml(value: Any) -> Any:
    """The value behind a YAML text; other values as they are."""
    return plain(value) if isinstance(value, str) else value


def from_yaml_all(value: Any) -> Any:
    """The documents behind a YAML text."""
    return plain_documents(value) if isinstance(value, str) else value


def b64encode(value: Any, encoding: str = "utf-8") -> str:
    """The text in base64."""
    return base64.b64encode(str(value).encode(encoding)).decode("ascii")


def b64decode(value: Any, encoding: str = "utf-8") -> str:
    """The text behind base64."""
    return base64.b64decode(str(value)).decode(encoding)


def digest(value: Any, hashtype: str = "sha1") -> str:
    """The hexadecimal digest of a text."""
    return hashlib.new(hashtype, str(value).encode(), usedforsecurity=False).hexdigest()


def md5(value: Any) -> str:
    """The MD5 digest of a text."""
    return digest(value, "md5")


def sha1(value: Any) -> str:
    """The SHA-1 digest of a text."""
    return digest(value, "sha1")


SAFE = {
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "from_json": from_json,
    "to_yaml": to_yaml,
    "to_nice_yaml": to_nice_yaml,
    "from_yaml": from_yaml,
    "from_yaml_all": from_yaml_all,
    "b64encode": b64encode,
    "b64decode": b64decode,
    "hash": digest,
    "checksum": sha1,
    "sha1": sha1,
    "md5": md5,
}
