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

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "ansible.cfg"


class Setting(NamedTuple):
    """A setting that changes what kplay does, or that it refuses."""

    name: str
    section: str
    key: str
    variable: str
    kind: str = "str"
    """str, bool, int, path, paths (with colons), sources (with commas), list (with commas), or
    the words that it takes, with bars between them."""
    refused: str = ""
    """The value that kplay cannot follow, and why, as ``value: reason``."""


_S = Setting
SETTINGS: tuple[Setting, ...] = (
    _S("inventory", "defaults", "inventory", "ANSIBLE_INVENTORY", "sources"),
    _S("inventory_ignore", "defaults", "inventory_ignore_extensions", "ANSIBLE_INVENTORY_IGNORE",
       "list"),
    _S("inventory_ignore", "inventory", "ignore_extensions", "ANSIBLE_INVENTORY_IGNORE", "list"),
    _S("inventory_ignore_patterns", "defaults", "inventory_ignore_patterns",
       "ANSIBLE_INVENTORY_IGNORE_REGEX", "list"),
    _S("inventory_ignore_patterns", "inventory", "ignore_patterns",
       "ANSIBLE_INVENTORY_IGNORE_REGEX", "list"),
    _S("roles_path", "defaults", "roles_path", "ANSIBLE_ROLES_PATH", "paths"),
    _S("collections_path", "defaults", "collections_path", "ANSIBLE_COLLECTIONS_PATH", "paths"),
    _S("collections_path", "defaults", "collections_paths", "ANSIBLE_COLLECTIONS_PATHS", "paths"),
    _S("library", "defaults", "library", "ANSIBLE_LIBRARY", "paths"),
    _S("module_utils", "defaults", "module_utils", "ANSIBLE_MODULE_UTILS", "paths"),
    _S("filter_plugins", "defaults", "filter_plugins", "ANSIBLE_FILTER_PLUGINS", "paths"),
    _S("test_plugins", "defaults", "test_plugins", "ANSIBLE_TEST_PLUGINS", "paths"),
    _S("lookup_plugins", "defaults", "lookup_plugins", "ANSIBLE_LOOKUP_PLUGINS", "paths"),
    _S("allow_broken_conditionals", "defaults", "allow_broken_conditionals",
       "ANSIBLE_ALLOW_BROKEN_CONDITIONALS", "bool"),
    _S("forks", "defaults", "forks", "ANSIBLE_FORKS", "int"),
    _S("user", "defaults", "remote_user", "ANSIBLE_REMOTE_USER"),
    _S("private_key", "defaults", "private_key_file", "ANSIBLE_PRIVATE_KEY_FILE", "path"),
    _S("host_key_checking", "defaults", "host_key_checking", "ANSIBLE_HOST_KEY_CHECKING", "bool"),
    _S("become", "privilege_escalation", "become", "ANSIBLE_BECOME", "bool"),
    _S("become_user", "privilege_escalation", "become_user", "ANSIBLE_BECOME_USER"),
    _S("become_method", "privilege_escalation", "become_method", "ANSIBLE_BECOME_METHOD"),
    _S("become_ask_pass", "privilege_escalation", "become_ask_pass", "ANSIBLE_BECOME_ASK_PASS",
       "bool"),
    _S("ask_pass", "defaults", "ask_pass", "ANSIBLE_ASK_PASS", "bool"),
    _S("connection_password_file", "defaults", "connection_password_file",
       "ANSIBLE_CONNECTION_PASSWORD_FILE", "path"),
    _S("become_password_file", "defaults", "become_password_file",
       "ANSIBLE_BECOME_PASSWORD_FILE", "path"),
    _S("retry_files_enabled", "defaults", "retry_files_enabled", "ANSIBLE_RETRY_FILES_ENABLED",
       "bool"),
    _S("retry_files_save_path", "defaults", "retry_files_save_path",
       "ANSIBLE_RETRY_FILES_SAVE_PATH", "path"),
    _S("vault_password_file", "defaults", "vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE",
       "path"),
    _S("vault_identity_list", "defaults", "vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST",
       "list"),
    _S("vault_identity", "defaults", "vault_identity", "ANSIBLE_VAULT_IDENTITY"),
    _S("vault_encrypt_identity", "defaults", "vault_encrypt_identity",
       "ANSIBLE_VAULT_ENCRYPT_IDENTITY"),
    _S("vault_id_match", "defaults", "vault_id_match", "ANSIBLE_VAULT_ID_MATCH", "bool"),
    _S("ask_vault_pass", "defaults", "ask_vault_pass", "ANSIBLE_ASK_VAULT_PASS", "bool"),
    _S("gathering", "defaults", "gathering", "ANSIBLE_GATHERING", "implicit|explicit|smart"),
    _S("fact_caching", "defaults", "fact_caching", "ANSIBLE_CACHE_PLUGIN",
       "memory|jsonfile|ansible.builtin.memory|ansible.builtin.jsonfile"),
    _S("fact_caching_connection", "defaults", "fact_caching_connection",
       "ANSIBLE_CACHE_PLUGIN_CONNECTION", "path"),
    _S("fact_caching_prefix", "defaults", "fact_caching_prefix", "ANSIBLE_CACHE_PLUGIN_PREFIX"),
    _S("fact_caching_timeout", "defaults", "fact_caching_timeout", "ANSIBLE_CACHE_PLUGIN_TIMEOUT",
       "int"),
    _S("gather_timeout", "defaults", "gather_timeout", "ANSIBLE_GATHER_TIMEOUT", "int"),
    _S("force_handlers", "defaults", "force_handlers", "ANSIBLE_FORCE_HANDLERS", "bool"),
    _S("any_errors_fatal", "defaults", "any_errors_fatal", "ANSIBLE_ANY_ERRORS_FATAL", "bool"),
    _S("strategy", "defaults", "strategy", "ANSIBLE_STRATEGY"),
    _S("run_tags", "tags", "run", "ANSIBLE_RUN_TAGS", "list"),
    _S("skip_tags", "tags", "skip", "ANSIBLE_SKIP_TAGS", "list"),
    _S("hash_behaviour", "defaults", "hash_behaviour", "ANSIBLE_HASH_BEHAVIOUR",
       refused="merge: variables replace each other; use the filter `combine`"),
    _S("jinja2_native", "defaults", "jinja2_native", "ANSIBLE_JINJA2_NATIVE", "bool"),
    _S("error_on_undefined_vars", "defaults", "error_on_undefined_vars",
       "ANSIBLE_ERROR_ON_UNDEFINED_VARS", "bool",
       "False: an undefined variable fails its task; use the filter `default`"),
    _S("interpreter_python", "defaults", "interpreter_python", "ANSIBLE_PYTHON_INTERPRETER"),
)  # fmt: skip

IGNORED = {
    "defaults.callback_whitelist": "reports are kplay's own: `--report`",
    "defaults.callbacks_enabled": "reports are kplay's own: `--report`",
    "defaults.stdout_callback": "reports are kplay's own: `--report`",
    "defaults.bin_ansible_callbacks": "reports are kplay's own: `--report`",
    "defaults.display_skipped_hosts": "`-v` shows them",
    "defaults.nocows": "there are none",
    "defaults.deprecation_warnings": "kplay has none of Ansible's",
    "defaults.command_warnings": "kplay has none",
    "defaults.system_warnings": "kplay has none",
    "defaults.localhost_warning": "kplay has none",
    "defaults.log_path": "every run has a journal",
    "defaults.local_tmp": "nothing is written there",
    "defaults.remote_tmp": "the agent runs from memory",
    "defaults.poll_interval": "results come as they are there",
    "defaults.internal_poll_interval": "results come as they are there",
    "defaults.transport": "the inventory's `ansible_connection` decides",
    "defaults.timeout": "`ConnectTimeout` of ~/.ssh/config decides",
    "defaults.ansible_managed": "write the text into the template",
    "defaults.allow_world_readable_tmpfiles": "nothing is written to them",
    "ssh_connection.pipelining": "the agent needs no pipelining",
    "ssh_connection.ssh_args": "connections are read from ~/.ssh/config",
    "ssh_connection.control_path": "one connection serves a host",
    "ssh_connection.control_path_dir": "one connection serves a host",
    "ssh_connection.scp_if_ssh": "files travel in the agent's own channel",
    "ssh_connection.transfer_method": "files travel in the agent's own channel",
    "ssh_connection.retries": "a lost connection is `kplay resume`'s",
    "persistent_connection.*": "network devices are not kplay's",
    "galaxy.*": "ansible-galaxy's own",
    "colors.*": "the terminal's own",
    "inventory.cache": "programs are asked once a run; they may keep what they know themselves",
    "inventory_plugins.use_extra_vars": "say `use_extra_vars` in the file of `constructed`",
    "inventory_plugin_script.always_show_stderr": "the standard error of a program that fails is "
    "shown",
    "inventory.enable_plugins": "a source is read by what it is",
    "inventory.unparsed_is_failed": "a source that cannot be read is always an error",
    "inventory.any_unparsed_is_failed": "a source that cannot be read is always an error",
    "inventory.unparsed_warning": "a source that cannot be read is always an error",
    "diff.always": "a plan always shows diffs",
}
"""Settings that change nothing here, and why."""

ROLES = ("~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles")
PLUGINS = ("~/.ansible/plugins", "/usr/share/ansible/plugins")
COLLECTIONS = ("~/.ansible/collections", "/usr/share/ansible/collections")


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
