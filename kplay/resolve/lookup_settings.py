"""The lookup `config`: settings of ansible.cfg as far as kplay knows them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from kplay import ansible_cfg
from kplay.diagnostics import suggest
from kplay.resolve.filters.registry import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_OWN: dict[str, tuple[str, Any]] = {
    "ANY_ERRORS_FATAL": ("any_errors_fatal", False),
    "COLLECTIONS_PATHS": ("collections_path", None),
    "DEFAULT_ASK_PASS": ("ask_pass", False),
    "DEFAULT_BECOME": ("become", False),
    "DEFAULT_BECOME_ASK_PASS": ("become_ask_pass", False),
    "DEFAULT_BECOME_METHOD": ("become_method", "sudo"),
    "DEFAULT_BECOME_USER": ("become_user", "root"),
    "DEFAULT_FORCE_HANDLERS": ("force_handlers", False),
    "DEFAULT_FORKS": ("forks", 5),
    "DEFAULT_GATHERING": ("gathering", "implicit"),
    "DEFAULT_GATHER_TIMEOUT": ("gather_timeout", None),
    "DEFAULT_HASH_BEHAVIOUR": ("hash_behaviour", "replace"),
    "DEFAULT_HOST_LIST": ("inventory", ["/etc/ansible/hosts"]),
    "DEFAULT_JINJA2_NATIVE": ("jinja2_native", True),
    "DEFAULT_PRIVATE_KEY_FILE": ("private_key", None),
    "DEFAULT_REMOTE_USER": ("user", None),
    "DEFAULT_ROLES_PATH": ("roles_path", None),
    "DEFAULT_STRATEGY": ("strategy", "linear"),
    "DEFAULT_UNDEFINED_VAR_BEHAVIOR": ("error_on_undefined_vars", True),
    "DEFAULT_VAULT_IDENTITY_LIST": ("vault_identity_list", []),
    "DEFAULT_VAULT_PASSWORD_FILE": ("vault_password_file", None),
    "HOST_KEY_CHECKING": ("host_key_checking", True),
    "INTERPRETER_PYTHON": ("interpreter_python", "auto"),
    "TAGS_RUN": ("run_tags", []),
    "TAGS_SKIP": ("skip_tags", []),
}
"""Ansible's names of settings that kplay reads: its own name, and the default."""
_FIXED: dict[str, Any] = {
    "ANSIBLE_NOCOWS": True,
    "COLOR_CHANGED": "yellow",
    "COLOR_ERROR": "red",
    "COLOR_OK": "green",
    "COLOR_SKIP": "cyan",
    "COLOR_UNREACHABLE": "bright red",
    "DEFAULT_LOG_PATH": None,
    "DEFAULT_REMOTE_PORT": None,
    "DEFAULT_TIMEOUT": 10,
    "DEFAULT_TRANSPORT": "ssh",
    "RETRY_FILES_ENABLED": False,
    "RETRY_FILES_SAVE_PATH": None,
}
"""Settings that nothing changes here, with Ansible's defaults."""
_MISSING = ("error", "skip", "warn")


@cache
def _read() -> ansible_cfg.AnsibleCfg:
    return ansible_cfg.find()


def _setting(name: str) -> tuple[Any, str] | None:
    """A setting's value and where it comes from."""
    if name in _FIXED:
        return _FIXED[name], "default"
    if name not in _OWN:
        return None
    own, default = _OWN[name]
    cfg = _read()
    if own in cfg.values:
        found = cfg.values[own]
        return _plain(found.value), found.origin
    if own in ("roles_path", "collections_path"):
        default = list(getattr(cfg, own))
    return _plain(default), "default"


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def config(_: Scope, terms: list[Any], options: Options) -> list[Any]:
    """Settings by Ansible's names, as ansible.cfg and the environment set them."""
    missing = options.get("on_missing", "error")
    if missing not in _MISSING:
        raise ValueError(f"on_missing `{missing}` is not one of {', '.join(_MISSING)}")
    if options.get("plugin_type") or options.get("plugin_name"):
        raise ValueError("kplay has no plugins whose settings could be asked for")
    found: list[Any] = []
    for term in terms:
        if not isinstance(term, str) or not re.fullmatch(r"\w+", term):
            raise TypeError(f"it takes a setting's name, not {kind_of(term)}")
        setting = _setting(term)
        if setting is not None:
            found.append(list(setting) if options.get("show_origin") else setting[0])
        elif missing == "error":
            near = " ".join(suggest(term, [*_OWN, *_FIXED]))
            raise ValueError(f"no setting `{term}` that kplay knows{'; ' + near if near else ''}")
    return found


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {"config": config}
