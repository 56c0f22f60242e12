"""How a module takes its arguments, and which can do without their half inside ansible."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_NEW_STYLE = re.compile(
    rb"^\s*(?:from\s+(?:ansible\.module_utils|ansible_collections|\.)[\w.]*\s+import\s"
    rb"|import\s+ansible\.module_utils)",
    re.MULTILINE,
)


class Alone(NamedTuple):
    """What a module needs to do without its action plugin."""

    never: tuple[str, ...] = ()
    """Arguments that only the plugin serves."""
    remote: bool | None = None
    """Where ``remote_src`` must be true, its default."""


_ALONE = {
    "ansible.builtin.assemble": Alone(remote=True),
    "ansible.posix.patch": Alone(remote=False),
}
# On hosts that are not the controller their plugins only hand the arguments on
_ALONE_IN = {"kubernetes.core": Alone(("template",)), "community.okd": Alone(("template",))}


def alone(full: str) -> Alone | None:
    """How a module that has an action plugin does without it; None when it cannot."""
    return _ALONE.get(full) or _ALONE_IN.get(full.rpartition(".")[0])


def refusal(full: str, path: Path, *, wrapped: bool) -> str:
    """Why a module of ansible-core or a collection cannot be run by itself; empty when it can."""
    if not _NEW_STYLE.search(_read(path)):
        return "all of it runs inside ansible itself"
    if wrapped and alone(full) is None:
        return "half of it is an action plugin, which runs inside ansible itself"
    return ""


def kind_of(path: Path) -> tuple[str, str]:
    """``python``, ``json`` or ``words``, and why it cannot be run if so.

    As https://docs.ansible.com/ansible/latest/dev_guide/developing_program_flow_modules.html has
    it: what imports Ansible's utilities is of the new style; what says ``WANT_JSON``, and every
    binary, is given a file of JSON; all else a file of ``key=value`` words.
    """
    text = _read(path)
    if b"#<<INCLUDE_ANSIBLE_MODULE_COMMON>>" in text or _NEW_STYLE.search(text):
        return "python", ""
    if b"WANT_JSON" in text:
        return "json", ""
    if b"<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>" in text:
        return "json", "it wants its arguments written into its text, which only ansible does"
    if b"\0" in text[:8192]:
        return "json", ""
    return "words", ""


@lru_cache(maxsize=64)
def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
