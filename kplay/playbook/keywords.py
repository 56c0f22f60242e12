"""The keyword table: what may be written on a play, block, task, handler, role or include.

Everything that is neither here nor a module is refused when loading, with its span.
"""

from __future__ import annotations

from typing import NamedTuple

PLAY, ROLE, BLOCK, TASK = "play", "role", "block", "task"
HANDLER, INCLUDE, IMPORT, IMPORT_PLAYBOOK = "handler", "include", "import", "import_playbook"
LOOP_CONTROL = "loop_control"
LEVELS = (PLAY, ROLE, BLOCK, TASK, HANDLER, INCLUDE, IMPORT, IMPORT_PLAYBOOK, LOOP_CONTROL)
"""Every place that has keywords of its own, in the order in which they are shown."""


class Keyword(NamedTuple):
    """One keyword of the language.

    kind is the value's type: str, bool, int, number, list, mapping, names (text or a list of
    texts), condition (an expression without braces, a boolean, or a list of them), environment (a
    mapping or a list of them), serial, any. A template is accepted wherever a run can render it.
    """

    name: str
    kind: str
    levels: frozenset[str]
    inherit: str = "none"
    """``override``: the innermost value counts; ``gather``: all values add up; ``none``."""
    choices: tuple[str, ...] = ()
    refused: str = ""
    """Why it is not supported; empty when it is."""
    literal: bool = False
    """True when a template makes no sense, because loading itself needs the value."""


BECOME_METHODS = (
    *("sudo", "su", "doas"),
    *("ansible.builtin.sudo", "ansible.builtin.su", "community.general.doas"),
)
_STRATEGIES = (
    *("linear", "free", "host_pinned", "graph"),
    *("ansible.builtin.linear", "ansible.builtin.free", "ansible.builtin.host_pinned"),
)
_EVERYWHERE = f"{PLAY} {ROLE} {BLOCK} {TASK} {HANDLER} {IMPORT}"
_INNER = f"{ROLE} {BLOCK} {TASK} {HANDLER} {IMPORT}"
_TASKS = f"{TASK} {HANDLER}"
_LOOPS = f"{TASK} {HANDLER} {INCLUDE}"
_STEPS = f"{_EVERYWHERE} {INCLUDE}"


def _of(
    levels: str,
    kind: str,
    names: str,
    inherit: str = "none",
    *,
    choices: tuple[str, ...] = (),
    refused: str = "",
    literal: bool = False,
) -> list[Keyword]:
    return [
        Keyword(name, kind, frozenset(levels.split()), inherit, choices, refused, literal)
        for name in names.split()
    ]


TABLE: tuple[Keyword, ...] = (
    *_of(f"{_STEPS} {IMPORT_PLAYBOOK}", "str", "name"),
    *_of(f"{_STEPS} {IMPORT_PLAYBOOK}", "names", "tags", "gather"),
    *_of(f"{_STEPS} {IMPORT_PLAYBOOK}", "mapping", "vars", "gather", literal=True),
    *_of(f"{_INNER} {INCLUDE} {IMPORT_PLAYBOOK}", "condition", "when", "gather"),
    *_of(_EVERYWHERE, "environment", "environment", "gather"),
    *_of(_EVERYWHERE, "any", "module_defaults", "gather"),
    *_of(_STEPS, "list", "collections", "gather"),
    *_of(f"{PLAY} {BLOCK} {TASK} {INCLUDE} {IMPORT}", "names", "needs", "gather"),
    # How a step is run
    *_of(_EVERYWHERE, "bool", "become check_mode diff any_errors_fatal", "override"),
    *_of(_EVERYWHERE, "bool", "ignore_unreachable", "override"),
    *_of(_STEPS, "bool", "no_log ignore_errors run_once", "override"),
    *_of(_EVERYWHERE, "str", "become_user become_flags become_exe", "override"),
    *_of(_EVERYWHERE, "str", "become_method", "override", choices=BECOME_METHODS),
    *_of(_EVERYWHERE, "str", "remote_user connection", "override"),
    *_of(_EVERYWHERE, "int", "port throttle", "override"),
    *_of(_STEPS, "int", "timeout", "override"),
    *_of(_INNER, "str", "delegate_to", "override"),
    *_of(_INNER, "bool", "delegate_facts", "override"),
    *_of(f"{BLOCK} {TASK} {HANDLER} {IMPORT}", "names", "notify", "gather"),
    # What a task makes of its module
    *_of(_TASKS, "any", "action local_action"),
    *_of(_LOOPS, "any", "args loop"),
    *_of(_LOOPS, "mapping", "loop_control", literal=True),
    *_of(_LOOPS, "str", "register"),
    *_of(_TASKS, "condition", "until changed_when failed_when"),
    *_of(_TASKS, "int", "retries async poll"),
    *_of(_TASKS, "number", "delay"),
    *_of(f"{HANDLER} {INCLUDE}", "names", "listen"),
    # What a play is made of
    *_of(PLAY, "names", "hosts"),
    *_of(PLAY, "str", "user", "override"),
    *_of(PLAY, "any", "pre_tasks tasks post_tasks handlers roles"),
    *_of(PLAY, "names", "vars_files gather_subset"),
    *_of(PLAY, "str", "fact_path"),
    *_of(PLAY, "any", "vars_prompt"),
    *_of(PLAY, "bool", "gather_facts force_handlers"),
    *_of(PLAY, "int", "gather_timeout"),
    *_of(PLAY, "serial", "serial"),
    *_of(PLAY, "number", "max_fail_percentage"),
    *_of(PLAY, "str", "strategy", choices=_STRATEGIES),
    *_of(
        PLAY,
        "str",
        "order",
        choices=("inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"),
    ),
    *_of(BLOCK, "any", "block rescue always"),
    *_of(ROLE, "str", "role", literal=True),
    *_of(IMPORT, "any", "args"),
    *_of(IMPORT_PLAYBOOK, "str", "import_playbook ansible.builtin.import_playbook", literal=True),
    # The keys of loop_control
    *_of(LOOP_CONTROL, "str", "loop_var index_var label"),
    *_of(LOOP_CONTROL, "bool", "extended extended_allitems"),
    *_of(LOOP_CONTROL, "number", "pause"),
    *_of(LOOP_CONTROL, "condition", "break_when"),
    # Known, and refused
    *_of(
        PLAY,
        "any",
        "accelerate accelerate_ipv6 accelerate_port",
        refused="it has left Ansible; kplay keeps one fast connection to each host unasked",
    ),
    *_of(PLAY, "any", "validate_argspec", refused="check what a play is given with `assert`"),
    *_of(_STEPS, "any", "debugger", refused="kplay has no interactive debugger"),
)

_BY_LEVEL: dict[str, dict[str, Keyword]] = {}
for _keyword in TABLE:
    for _level in _keyword.levels:
        _BY_LEVEL.setdefault(_level, {})[_keyword.name] = _keyword


def find(level: str, name: str) -> Keyword | None:
    """A keyword of a level; every ``with_<lookup>`` is one where tasks loop."""
    if name.startswith("with_") and level in _LOOPS.split():
        return Keyword(name, "any", frozenset(_LOOPS.split()))
    return _BY_LEVEL[level].get(name)


def at(level: str) -> dict[str, Keyword]:
    """The keywords of a level by name, refused ones included."""
    return _BY_LEVEL[level]


def supported(level: str) -> list[str]:
    """The names of the supported keywords of a level, sorted."""
    return sorted(word.name for word in _BY_LEVEL[level].values() if not word.refused)


def levels_of(name: str) -> list[str]:
    """The levels at which a keyword may be written, for a message about the wrong one."""
    order = (PLAY, ROLE, BLOCK, TASK, HANDLER, INCLUDE, IMPORT)
    return [level for level in order if name in _BY_LEVEL[level]]
