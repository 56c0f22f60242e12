"""ansible.cfg, and the environment variables that stand for its settings.

Found and read as https://docs.ansible.com/ansible/latest/reference_appendices/config.html says:
``ANSIBLE_CONFIG``, then ``ansible.cfg`` in the working directory unless others may write there,
then ``~/.ansible.cfg``, then ``/etc/ansible/ansible.cfg``; one file only, no merging.
"""

from __future__ import annotations

import configparser
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kplay.ansible_settings import IGNORED, SETTINGS
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.ansible_settings import Setting

NAME = "ansible.cfg"


ROLES = ("~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles")
PLUGINS = ("~/.ansible/plugins", "/usr/share/ansible/plugins")
COLLECTIONS = ("~/.ansible/collections", "/usr/share/ansible/collections")


MODULE_PATH = "--module-path"
"""The origin of folders of modules that the command line names."""


class Value(NamedTuple):
    """A setting as it was found."""

    value: Any
    origin: str
    """The environment variable, or ``file: [section] key``."""


@dataclass(frozen=True, slots=True)
class AnsibleCfg:
    """What the environment and the one file that counts say."""

    path: Path | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)
    """``section.key`` to the reason."""
    warnings: tuple[str, ...] = ()

    def get(self, name: str, default: Any = None) -> Any:
        """A setting's value, or the default."""
        found = self.values.get(name)
        return default if found is None else found.value

    @property
    def roles_path(self) -> tuple[Path, ...]:
        """Where roles are sought beside the playbook's own folder."""
        given = self.get("roles_path", [Path(one).expanduser() for one in ROLES])
        return tuple(given)

    @property
    def collections_path(self) -> tuple[Path, ...]:
        """Folders that hold ``ansible_collections``."""
        given = self.get("collections_path", [Path(one).expanduser() for one in COLLECTIONS])
        return tuple(one.parent if one.name == "ansible_collections" else one for one in given)

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Folders of modules, beside the ``library/`` of a playbook or a role."""
        given = self.get("library", [Path(one).expanduser() / "modules" for one in PLUGINS])
        return tuple(given)

    @property
    def utilities(self) -> tuple[Path, ...]:
        """Folders of what such modules import as ``ansible.module_utils``."""
        given = [Path(one).expanduser() / "module_utils" for one in PLUGINS]
        return tuple(self.get("module_utils", given))

    def stored(self) -> dict[str, Any]:
        """The settings as JSON-ready data: name to value and origin, paths as text."""
        return {
            name: [_texts(found.value), found.origin] for name, found in sorted(self.values.items())
        }

    @classmethod
    def restored(cls, data: Mapping[str, Any]) -> AnsibleCfg:
        """The settings that ``stored`` gave."""
        kinds = {setting.name: setting.kind for setting in SETTINGS}
        values = {}
        for name, (value, origin) in data.items():
            read: Any = value
            if kinds.get(name) == "path":
                read = Path(value)
            elif kinds.get(name) == "paths":
                read = [Path(one) for one in value]
            values[name] = Value(read, origin)
        return cls(None, values)


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def find(directory: Path | None = None, environ: Mapping[str, str] | None = None) -> AnsibleCfg:
    """Read the settings that hold in a directory.

    Raises:
        InputError: the file cannot be read, a value is of the wrong type, or asks for what kplay
            cannot do.
    """
    environment = os.environ if environ is None else environ
    here = directory or Path.cwd()
    path, warnings = _path(here, environment)
    parsed = _parsed(path) if path is not None else configparser.RawConfigParser()
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        named = environment.get(setting.variable)
        if named is not None:
            found = Value(_read(setting, named, here, None), setting.variable)
        elif path is not None and parsed.has_option(setting.section, setting.key):
            text = parsed.get(setting.section, setting.key)
            origin = f"{path}: [{setting.section}] {setting.key}"
            found = Value(_read(setting, text, path.parent, path), origin)
        else:
            continue
        _refuse(setting, found, path)
        values.setdefault(setting.name, found)
    return AnsibleCfg(path, values, _ignored(parsed), warnings)


def _path(here: Path, environ: Mapping[str, str]) -> tuple[Path | None, tuple[str, ...]]:
    given = environ.get("ANSIBLE_CONFIG")
    if given:
        path = Path(given).expanduser()
        return path / NAME if path.is_dir() else path, ()
    warnings: tuple[str, ...] = ()
    local = here / NAME
    if local.is_file():
        if not here.stat().st_mode & stat.S_IWOTH:
            return local, ()
        warnings = (f"{local} is ignored: anybody may write to its folder",)
    for other in (Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible") / NAME):
        if other.is_file():
            return other, warnings
    return None, warnings


def _parsed(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            Diagnostic("unreadable-file", f"cannot read {path}: {error}", None)
        ) from error
    except configparser.Error as error:
        line = getattr(error, "lineno", 1) or 1
        span = Span(str(path), line, 1, line, 2)
        message = "neither a `[section]`, a `key = value` nor a comment"
        raise InputError(Diagnostic("bad-ini", message, span)) from error
    return parser


def _span(path: Path, key: str) -> Span | None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.partition("=")[0].strip().lower() == key:
            return Span(str(path), number, 1, number, len(line) + 1)
    return None


def _read(setting: Setting, text: str, base: Path, path: Path | None) -> Any:
    text = text.strip().strip("\"'")
    match setting.kind:
        case "bool":
            if text.lower() in ("1", "on", "true", "t", "y", "yes"):
                return True
            if text.lower() in ("", "0", "off", "false", "f", "n", "no"):
                return False
        case "int":
            if text.isdigit():
                return int(text)
        case "path":
            return _absolute(text, base)
        case "paths":
            return [_absolute(one, base) for one in text.split(os.pathsep) if one.strip()]
        case "sources":
            # With a comma behind it, it is a list of hosts
            if text.endswith(","):
                return [text]
            return [str(_absolute(one, base)) for one in text.split(",") if one.strip()]
        case "list":
            return [one.strip() for one in text.split(",") if one.strip()]
        case kind if "|" in kind:
            if text in kind.split("|"):
                return text
        case _:
            return text
    where = _span(path, setting.key) if path is not None else None
    named = setting.key if path is not None else setting.variable
    wanted = {"bool": "a boolean", "int": "a number"}.get(setting.kind, "")
    wanted = wanted or "one of " + ", ".join(f"`{one}`" for one in setting.kind.split("|"))
    message = f"`{named}` wants {wanted}, not {text!r}"
    raise InputError(Diagnostic("bad-value", message, where))


def _absolute(text: str, base: Path) -> Path:
    text = os.path.expandvars(text.strip()).replace("{{CWD}}", str(Path.cwd()))
    path = Path(text).expanduser()
    return path if path.is_absolute() else base / path


def _refuse(setting: Setting, found: Value, path: Path | None) -> None:
    value, _, reason = setting.refused.partition(": ")
    if not value or str(found.value).lower() != value.lower():
        return
    span = _span(path, setting.key) if path is not None else None
    message = f"`{setting.key} = {found.value}` is not supported"
    raise InputError(Diagnostic("unsupported-setting", message, span, notes=(reason,)))


def _ignored(parsed: configparser.RawConfigParser) -> dict[str, str]:
    known = {f"{one.section}.{one.key}" for one in SETTINGS}
    found = {}
    for section in parsed.sections():
        for key in parsed.options(section):
            name = f"{section}.{key}"
            if name in known:
                continue
            reason = IGNORED.get(name) or IGNORED.get(f"{section}.*")
            found[name] = reason or "kplay does not read it"
    if parsed.has_option("defaults", "jinja2_native"):
        found["defaults.jinja2_native"] = "templates always give native types"
    return found
