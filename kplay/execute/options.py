"""What the user asked of a plan or a run: one frozen value, made once from the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.ansible_cfg import AnsibleCfg

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS_DIRECTORY = Path(".kplay/runs")


@dataclass(frozen=True, slots=True)
class Passwords:
    """Passwords asked for at the terminal; never in a journal, an argument list or a repr."""

    connection: str | None = field(default=None, repr=False)
    """``-k``: the SSH password of every host that names none."""
    become: str | None = field(default=None, repr=False)
    """``-K``: the password of sudo, su or doas."""
    vault: dict[str, str] = field(default_factory=dict, repr=False)
    """Vault passwords by ``label@source``, filled in when the user is asked for them."""
    answers: dict[str, str] = field(default_factory=dict, repr=False)
    """Answers to ``vars_prompt`` (``kplay.execute.questions``), filled in likewise."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Everything ``plan``, ``apply`` and ``run`` take from the command line, unevaluated.

    None means that the option was not given, so that the inventory or the playbook decides.
    """

    playbooks: tuple[Path, ...] = ()
    inventory: tuple[str, ...] = ()
    """``-i`` as written: a path, or a comma-separated list of hosts that holds a comma."""
    limit: str = ""
    absent: tuple[str, ...] = ()
    """``--absent`` as written: patterns of hosts that are gone."""
    flush_cache: bool = False
    """``--flush-cache``: facts of earlier runs are dropped first."""
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    vault_ids: tuple[str, ...] = ()
    """Sources of vault passwords as ``label@source``; a source is a file, a program or a prompt."""
    extra_vars: tuple[str, ...] = ()
    """``-e`` as written, in order: ``k=v k2=v2``, ``{json}`` or ``@file``."""
    forks: int = 50
    user: str | None = None
    private_key: Path | None = None
    connection: str | None = None
    timeout: int | None = None
    """Seconds that a connection may take to open."""
    ssh_common_args: str = ""
    ssh_extra_args: str = ""
    force_handlers: bool = False
    start_at_task: str = ""
    ask: Callable[[str], str] | None = None
    """``--step``: asked for each task by name; says ``y``, ``n`` or ``c`` (go on unasked)."""
    become: bool | None = None
    become_user: str | None = None
    become_method: str | None = None
    passwords: Passwords = field(default_factory=Passwords)
    diff: bool = False
    check: bool = False
    """The user asked for a plan."""
    verbosity: int = 0
    accept_new_host_keys: bool = False
    accept_drift: bool = False
    """A run of a plan file goes on with what it finds."""
    probes_author: bool = False
    """``--probes author``: a plan runs commands whose author says ``changed_when: false``."""
    runs_directory: Path = RUNS_DIRECTORY
    ansible_cfg: AnsibleCfg = field(default_factory=AnsibleCfg)
    """What ansible.cfg says of all that has no option; options take theirs from it already."""
