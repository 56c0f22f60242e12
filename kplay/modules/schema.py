"""Arguments as a module documents them: names, types, choices, what excludes what.

The rules are Ansible's: text becomes a boolean, a number or a list where the module wants one.
The same code runs on the controller, for errors at load time, and in the agent.
"""

import json
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from kplay.modules.api import UNKNOWN, Arg, Args, Module

TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
FALSE = ("n", "no", "off", "0", "false", "f", "0.0")

OCTAL = re.compile(r"^(?:0o)?[0-7]{1,5}$")
SYMBOLIC = re.compile(r"^[ugoa]*(?:[-+=][rwxXst]*|[-+=][ugo])+(?:,[ugoa]*[-+=][rwxXstugo]*)*$")


class Fault(NamedTuple):
    """One thing that is wrong with the arguments of a task."""

    argument: str
    """The name as written; empty when the fault is that something is missing."""
    message: str
    suggestions: Tuple[str, ...] = ()


class Mismatch(Exception):  # noqa: N818 - it names what is wrong
    """A value is not of the type wanted; the message says what was wanted."""


def normalise(
    module: Module,
    raw: Dict[str, Any],
    deferred: Optional[Callable[[Any], bool]] = None,
    expand: Optional[Callable[[str], str]] = None,
) -> Tuple[Args, List[Fault]]:
    """Check arguments and give them their types; every argument of the module is in the result.

    Args:
        module: whose arguments they are.
        raw: as written, under any of their names.
        deferred: says of a value that it is not known yet (a template, an unknown); such values
            are passed through and count as given, but contradict none: a template may come to
            ``omit``.
        expand: turns ``~`` and variables of a path into what they mean on the host.

    Returns:
        The arguments under their first names, and the faults, in the order written.
    """
    faults = []  # type: List[Fault]
    given, written = _canonical(module, raw, faults)
    result = {}  # type: Args
    for name, arg in module.args.items():
        value = given.get(name)
        if value is None:
            value = _copy(arg.default)
            if value is None:
                result[name] = None
                continue
        if deferred is not None and deferred(value):
            result[name] = value
            continue
        try:
            result[name] = convert(arg, value, expand)
        except Mismatch as mismatch:
            shown = "" if arg.secret else ", not {}".format(_shown(value))
            message = "`{}` of `{}` wants {}{}".format(
                written.get(name, name), module.name, mismatch, shown
            )
            faults.append(Fault(written.get(name, name), message))
            result[name] = None
            continue
        if arg.refused and result[name] != arg.default:
            message = "`{}` of `{}` is not supported: {}"
            said = message.format(written.get(name, name), module.name, arg.refused)
            faults.append(Fault(written.get(name, name), said))
        _check_choices(module, written.get(name, name), arg, result[name], faults)
    certain = {
        name: None if deferred is not None and deferred(value) else value
        for name, value in given.items()
    }
    _check_presence(module, given, certain, written, faults)
    return result, faults


def unknown(value: Any) -> bool:
    """Whether a value is, or holds, what only a run can tell (the marker of kplay.modules.api)."""
    if value == UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(unknown(part) for part in value.values())
    return isinstance(value, (list, tuple)) and any(unknown(part) for part in value)


def convert(arg: Arg, value: Any, expand: Optional[Callable[[str], str]] = None) -> Any:
    """One value as the type of an argument.

    Raises:
        Mismatch: it cannot be read as that type.
    """
    if arg.type == "list":
        items = _list(value)
        if not arg.elements:
            return items
        return [_CONVERTERS[arg.elements](_expanded(arg.elements, item, expand)) for item in items]
    if arg.type == "mode" and value in arg.choices:
        return value
    return _CONVERTERS[arg.type](_expanded(arg.type, value, expand))


def _expanded(kind: str, value: Any, expand: Optional[Callable[[str], str]]) -> Any:
    return expand(value) if kind == "path" and expand and isinstance(value, str) else value


def _canonical(
    module: Module, raw: Dict[str, Any], faults: List[Fault]
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    names = {}  # type: Dict[str, str]
    for name, arg in module.args.items():
        names[name] = name
        for alias in arg.aliases:
            names[alias] = name
    given = {}  # type: Dict[str, Any]
    written = {}  # type: Dict[str, str]
    for key, value in raw.items():
        name = names.get(key, "")
        if not name:
            public = [one for one in names if not one.startswith("_")]
            faults.append(
                Fault(
                    str(key),
                    "`{}` has no argument `{}`".format(module.name, key),
                    _closest(str(key), public),
                )
            )
        elif name in written:
            message = "`{}` and `{}` are the same argument of `{}`"
            faults.append(Fault(str(key), message.format(written[name], key, module.name)))
        else:
            given[name] = value
            written[name] = str(key)
    return given, written


def _check_presence(
    module: Module,
    given: Dict[str, Any],
    certain: Dict[str, Any],
    written: Dict[str, str],
    faults: List[Fault],
) -> None:
    for name, arg in module.args.items():
        if arg.required and given.get(name) is None:
            faults.append(Fault("", "`{}` needs the argument `{}`".format(module.name, name)))
    for names in module.requires_one_of:
        if all(given.get(name) is None for name in names):
            message = "`{}` needs one of the arguments {}".format(module.name, _listed(names))
            faults.append(Fault("", message))
    for names in module.exclusive_args:
        present = [written[name] for name in names if certain.get(name) is not None]
        if len(present) > 1:
            message = "`{}` takes only one of {}".format(module.name, _listed(present))
            faults.append(Fault(present[1], message))


def _check_choices(module: Module, written: str, arg: Arg, value: Any, faults: List[Fault]) -> None:
    if not arg.choices or arg.type == "mode":
        return
    for item in value if isinstance(value, list) else [value]:
        if item not in arg.choices:
            message = "`{}` of `{}` must be one of {}{}".format(
                written,
                module.name,
                _listed([str(choice) for choice in arg.choices]),
                "" if arg.secret else ", not {}".format(_shown(item)),
            )
            words = [str(choice) for choice in arg.choices]
            faults.append(Fault(written, message, _closest(str(item), words)))


def _closest(word: str, known: List[str]) -> Tuple[str, ...]:
    import difflib

    return tuple(difflib.get_close_matches(word, known, n=3, cutoff=0.6))


def _listed(names: Any) -> str:
    return ", ".join("`{}`".format(name) for name in names)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    return "`{}`".format(text if len(text) <= 60 else text[:57] + "...")


def _copy(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return list(value)
    return dict(value) if isinstance(value, dict) else value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list, tuple)):
        raise Mismatch("text")
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, (dict, list)):
        word = str(value).strip().lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
    raise Mismatch("true or false")


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.match(r"^\s*[-+]?\d+\s*$", value):
        return int(value)
    raise Mismatch("a whole number")


def _float(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(_text(value))
    except ValueError:
        raise Mismatch("a number") from None


def _list(value: Any) -> List[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, (int, float)):
        return [str(value)]
    raise Mismatch("a list")


def _mapping(value: Any) -> Dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            try:
                data = json.loads(value)
            except ValueError:
                data = None
            if isinstance(data, dict):
                return data
        elif "=" in value:
            import shlex

            try:
                words = shlex.split(value.replace(",", " "))
            except ValueError:
                words = [""]
            if all("=" in word for word in words):
                return dict(word.split("=", 1) for word in words)
    raise Mismatch("a mapping")


def _mode(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "{:04o}".format(value)
    text = _text(value).strip()
    if OCTAL.match(text) or SYMBOLIC.match(text):
        return text
    raise Mismatch("a file mode such as '0644' or 'u=rw,g=r'")


def _content(value: Any) -> Any:
    if isinstance(value, dict) and "$blob" in value:
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value)


def _raw(value: Any) -> Any:
    return value


_CONVERTERS = {
    "str": _text,
    "path": _text,
    "int": _integer,
    "float": _float,
    "bool": _boolean,
    "list": _list,
    "dict": _mapping,
    "raw": _raw,
    "mode": _mode,
    "content": _content,
}  # type: Dict[str, Callable[[Any], Any]]
