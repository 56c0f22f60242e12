"""Objects of a cluster as text for a reader: YAML, what is secret in them as digests."""

import base64
import hashlib
import json
import re
from typing import Any, Dict, List, Optional, Set

from kplay.modules.api import OPEN, UNKNOWN
from kplay.modules.secret_names import is_secret_key

Object = Dict[str, Any]

SECRET = "(secret)"  # noqa: S105 - what is shown in its place
ANOTHER = "(secret, another one)"

SHORTEST = 4
LONG = 16

_PLAIN = re.compile(
    r"^[A-Za-z_/](?:[A-Za-z0-9_./-]|:(?=[A-Za-z0-9/])| (?=[A-Za-z0-9_./(-])|[()])*$"
)
_KIND = re.compile(r"^kind: *[\"']?(\w+)")
_FIELD = re.compile(r"^(name|namespace): *[\"']?([\w.:-]+)")
# What YAML 1.1 takes for something else than a text
_WORDS = re.compile(r"^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$", re.IGNORECASE)
_OPEN_DATA = base64.b64encode(OPEN.encode()).decode()
_ROUNDS = 20000


def dump(value: Any, depth: int = 0) -> str:
    """Give a value as YAML, its keys sorted.

    >>> print(dump({"b": [{"c": 1, "d": "x"}], "a": {}}), end="")
    a: {}
    b:
    - c: 1
      d: x
    """
    pad = "  " * depth
    if isinstance(value, dict) and value and value != UNKNOWN:
        return "".join(_under("%s%s:" % (pad, _scalar(key)), value[key], depth)
                       for key in sorted(value))  # fmt: skip
    if isinstance(value, list) and value:
        return "".join(_item(one, depth) for one in value)
    return "%s%s\n" % (pad, _scalar(value))


def _under(head: str, value: Any, depth: int) -> str:
    if isinstance(value, dict) and value and value != UNKNOWN:
        return head + "\n" + dump(value, depth + 1)
    if isinstance(value, list) and value:
        return head + "\n" + dump(value, depth)
    if isinstance(value, str) and _is_block(value):
        pad = "  " * (depth + 1)
        sign = "|" if value.endswith("\n") else "|-"
        lines = value[:-1].split("\n") if value.endswith("\n") else value.split("\n")
        return "%s %s\n%s" % (head, sign, "".join((pad + x).rstrip() + "\n" for x in lines))
    return "%s %s\n" % (head, _scalar(value))


def _item(one: Any, depth: int) -> str:
    if isinstance(one, (dict, list)) and one and one != UNKNOWN:
        text = dump(one, depth + 1)
        return "%s- %s" % ("  " * depth, text[2 * (depth + 1) :])
    return _under("  " * depth + "-", one, depth)


def _is_block(text: str) -> bool:
    """Whether a text can be told line by line without loss."""
    if "\n" not in text.rstrip("\n") or text.endswith("\n\n") or text[0] in " \t\n":
        return False
    lines = text.split("\n")
    return text.isprintable() or not any(
        line != line.rstrip() or not line.replace("\t", " ").isprintable() for line in lines
    )


def _scalar(value: Any) -> str:
    if value == UNKNOWN:
        return OPEN
    if isinstance(value, str) and _PLAIN.match(value) and not _WORDS.match(value):
        return value
    return json.dumps(value, sort_keys=True)


def text(one: Optional[Object]) -> str:
    """Give an object as YAML, the values of a Secret as digests; nothing for None."""
    return "" if one is None else dump(_masked(one))


def _masked(one: Object) -> Object:
    if one.get("kind") != "Secret":
        return one
    shown, name = dict(one), str((one.get("metadata") or {}).get("name"))
    for field in ("data", "stringData"):
        if isinstance(one.get(field), dict):
            values = one[field].items()
            shown[field] = {key: digest(value, "%s/%s" % (name, key)) for key, value in values}
    return shown


def digest(value: Any, place: str) -> str:
    """Give what tells two secrets of one place apart: slow to make, too short to find them by."""
    if value in (UNKNOWN, OPEN, _OPEN_DATA):
        return OPEN
    made = hashlib.pbkdf2_hmac("sha256", str(value).encode(), place.encode(), _ROUNDS)
    return "(secret %s...)" % made.hex()[:8]


def leaves(value: Any) -> List[str]:
    """Give the texts and numbers of nested values, as text."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in leaves(part)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def veiled(values: Any, secret: Any, beside: Any = None, name: str = "") -> Any:
    """Give values with those hidden that stand where ``secret`` has one, or whose name says so.

    Where ``beside`` is given and has another value in that place, that is said.
    """
    if isinstance(values, dict) and values != UNKNOWN:
        there = secret if isinstance(secret, dict) else {}
        other = beside if isinstance(beside, dict) else {}
        return {
            key: veiled(one, there.get(key), other.get(key, one), str(key))
            for key, one in values.items()
        }
    if secret is None and not (is_secret_key(name) and isinstance(values, (str, int, float))):
        return values
    if values in ("", None, True, False):
        return values
    return ANOTHER if beside is not None and beside != values else SECRET


def secrets(values: Any, marked: Any, name: str = "") -> Set[str]:
    """Give the secrets among values, as they may stand in a manifest; short ones are common words.

    Args:
        values: nested values.
        marked: nested values of which every place is one of a secret.
        name: under which the values stand.
    """
    if isinstance(values, dict) and values != UNKNOWN:
        there = marked if isinstance(marked, dict) else {}
        parts = (secrets(one, there.get(key), str(key)) for key, one in values.items())
        return {word for part in parts for word in part}
    if marked is None and not is_secret_key(name):
        return set()
    return {word for word in leaves(values) if len(word) >= SHORTEST and word != OPEN}


def without(shown: str, words: Set[str]) -> str:
    """Give a text with secrets taken out, as they are and as YAML quotes them."""
    for word in sorted(words, key=lambda one: (-len(one), one)):
        for form in (word, json.dumps(word)[1:-1]):
            shown = shown.replace(form, SECRET)
        for line in word.splitlines():
            shown = shown.replace(line, SECRET) if len(line) >= LONG else shown
    return shown


def filled(values: Any) -> Any:
    """Give values with a text in the place of what only the run can tell."""
    if values == UNKNOWN:
        return OPEN
    if isinstance(values, dict):
        return {key: filled(one) for key, one in values.items()}
    return [filled(one) for one in values] if isinstance(values, list) else values


def names(whole: str) -> List[str]:
    """Give the objects of a manifest that nothing can read yet: KIND/NAMESPACE/NAME of each."""
    found = []
    for part in re.split(r"(?m)^---.*$", whole):
        lines = [line.rstrip() for line in part.splitlines()]
        lines = [line for line in lines if line and not line.lstrip().startswith("#")]
        kind = [one.group(1) for one in map(_KIND.match, lines) if one]
        label = "/".join(word for word in [*kind[:1], *_place(lines)] if word)
        if label:
            found.append(label)
    return found


def _place(lines: List[str]) -> List[str]:
    """Give namespace and name as they stand under ``metadata``, in either of YAML's styles."""
    start = next((at for at, line in enumerate(lines) if line.startswith("metadata:")), None)
    if start is None:
        return []
    told = lines[start][len("metadata:") :].strip(" {}").split(", ")
    depth = 0
    for line in lines[start + 1 :]:
        indent = len(line) - len(line.lstrip())
        depth = depth or indent
        if indent == 0:
            break
        told += [line.strip()] if indent == depth else []
    found = [one for one in map(_FIELD.match, told) if one]
    fields = {one.group(1): one.group(2) for one in found}
    return [fields.get("namespace", ""), fields.get("name", "")]
