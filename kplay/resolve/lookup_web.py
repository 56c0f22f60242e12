"""The lookup `url`: what an address answers to the controller."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

Options = dict[str, Any]
_SETTINGS = ("ca_path", "ciphers", "follow_redirects", "force", "force_basic_auth", "timeout",
             "unix_socket", "unredirected_headers", "use_gssapi", "use_netrc")  # fmt: skip
"""Options that variables and the environment may set, too."""
_YES = frozenset((True, "true", "True", "yes", "1", 1, "on"))


def url(scope: Scope, terms: list[Any], options: Options) -> list[Any] | Unknown:
    """The lines, or with ``split_lines=false`` the whole, of what addresses answer."""
    from kplay.resolve.web_client import fetch

    given = {**_from_settings(scope), **options}
    if given.get("use_gssapi") in _YES:
        raise ValueError("`use_gssapi` is not supported: give a user name and a password")
    found: list[Any] = []
    for term in terms:
        address = str(term)
        if not scope.context.run_programs and urlsplit(address).scheme != "file":
            return Unknown(f"what {address} answers")
        text = fetch(address, given)
        found += text.splitlines() if given.get("split_lines", True) in _YES else [text]
    return found


def _from_settings(scope: Scope) -> Options:
    found: Options = {}
    names = {name: name for name in _SETTINGS} | {"http_agent": "agent"}
    variables = {"unredirected_headers": "unredir_headers"}
    for name, short in names.items():
        variable = os.environ.get(f"ANSIBLE_LOOKUP_URL_{variables.get(name, short).upper()}")
        if variable is not None:
            found[name] = variable
        if scope.defines(f"ansible_lookup_url_{short}"):
            found[name] = scope.lookup(f"ansible_lookup_url_{short}")
    return found


LOOKUPS: dict[str, Callable[[Scope, list[Any], Options], Any]] = {"url": url}
