"""The contract of a module: observe, desire, apply.

A module is one file that exports ``module``. It never imports os, subprocess, shutil or pathlib
and never calls open(): all it knows of the host comes through a Probe, all it does goes through a
Host. The engine, not the module, owns check mode, diffs, ``changed``, verification, become,
no_log, locks and registering.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

Args = Dict[str, Any]
State = Dict[str, Any]

ABSENT = "absent"


class Arg(NamedTuple):
    """One argument of a module, as its documentation gives it.

    type is one of str, path, int, float, bool, list, dict, raw, mode, content. ``mode`` is a file
    mode: an octal string, an integer already octal-parsed by YAML, or a symbolic mode; it reaches
    the module as a string. ``content`` is text or a blob reference: see Probe.content().
    """

    type: str = "str"
    default: Any = None
    required: bool = False
    aliases: Tuple[str, ...] = ()
    choices: Tuple[Any, ...] = ()
    elements: str = ""
    secret: bool = False
    refused: str = ""
    """Why one that Ansible documents is not supported: a fault with any but its default value."""


class ModuleFailure(Exception):  # noqa: N818 - a failed result, as Ansible's modules fail
    """The module cannot do what was asked; becomes a failed result with these fields."""

    def __init__(self, msg: str, **fields: Any) -> None:
        Exception.__init__(self, msg)
        self.msg = msg
        self.fields = fields


class Effect(NamedTuple):
    """What a planned change will have made on the host, for later steps of the same plan.

    kind is one of:

    * ``path``: key is the path, value is a Stat-like mapping: state (file, directory, link,
      absent), and where known mode, owner, group, content (bytes as latin-1 text), digest, target
    * ``awaited``: key is a path that a step waits for, so that it is there then; no more is known
    * ``user``, ``group``: key is the name, value is the passwd or group entry as a mapping
    * ``unit``: key is the unit name, value has active, enabled, masked, exists
    * ``package``: key is the name, value has version (text, or None when unknown)
    * ``kernel_module``, ``sysctl``, ``mount``, ``image``, ``kubernetes``: key and value as the
      modules that read them agree

    A value may be the marker UNKNOWN where only the run can tell.
    """

    kind: str
    key: str
    value: Any


UNKNOWN = {"__kplay_unknown__": True}

OPEN = "(known after the run)"
"""What a reader sees in the place of what only the run can tell."""


class Module(object):
    """A module: its schema and its three verbs.

    Args:
        name: as in Ansible, without a collection.
        args: argument name to Arg.
        observe: (probe, args) -> what is found, a flat mapping of fields.
        desire: (args, found) -> what is wanted, a mapping of the fields that matter; fields equal
            to those found are no change. The field ``state`` being "absent" in found means
            create, in wanted remove.
        apply: (host, args, found, wanted) -> return fields (without changed and failed).
        kind: ``state`` (a diff decides), ``action`` (a non-empty wanted plans as ``run``, or as the
            ``foreseen`` of found where it could be told what would come of it),
            ``read`` (never changes; apply is not called and result gives the return fields).
            ``wait`` (never changes, but only an apply may wait: apply is called when wanted is
            not empty, and plans as unknown result).
        reach: ``host`` when all it reads and writes lies on that host, else ``cluster``.
        exclusive: names of locks held on the host while applying, such as ``dpkg``.
        result: (args, found, wanted, changed) -> return fields that are known without applying;
            used when nothing changes, in planning, and merged under what apply returned.
        complete: True when result names every return field, so a planned change has no unknowns.
        foresee: (args, found, wanted) -> list of Effect.
        verify: fields of wanted to observe again after apply and compare.
        fields: return fields shown to the reader as the diff, default all of wanted.
        free_form: argument that takes the free-form text (command, shell), else "".
        guards: argument names that guard an action (creates, removes, unless).
        requires_one_of: tuples of argument names of which one must be given.
        exclusive_args: tuples of argument names of which at most one may be given.
        also_known_as: other names under which playbooks call it (``systemd_service``), and FQCNs.
        writes: argument names that, where given, make a ``read`` or ``wait`` module change
            something; a plan cannot tell what.
        uncounted: fields of wanted that are put right without counting as a change, since Ansible
            reports none for them (systemd's ``daemon_reload``).
        overdue: (probe, args) -> further return fields of a step that was applied and did not end
            within its ``timeout``: why that may be, found in a few seconds.
        writes_files: False of one that changes a cluster and no file of the host.
        untested: True until it has been seen on a real host; ``kplay modules`` says so.
    """

    def __init__(
        self,
        name: str,
        args: Dict[str, Arg],
        observe: "Callable[[Probe, Args], State]",
        desire: Callable[[Args, State], State],
        apply: "Optional[Callable[[Host, Args, State, State], State]]" = None,
        *,
        kind: str = "state",
        reach: str = "cluster",
        exclusive: Tuple[str, ...] = (),
        result: Optional[Callable[[Args, State, State, bool], State]] = None,
        complete: bool = False,
        foresee: Optional[Callable[[Args, State, State], List[Effect]]] = None,
        verify: Tuple[str, ...] = (),
        fields: Tuple[str, ...] = (),
        free_form: str = "",
        guards: Tuple[str, ...] = (),
        requires_one_of: Tuple[Tuple[str, ...], ...] = (),
        exclusive_args: Tuple[Tuple[str, ...], ...] = (),
        also_known_as: Tuple[str, ...] = (),
        writes: Tuple[str, ...] = (),
        uncounted: Tuple[str, ...] = (),
        overdue: "Optional[Callable[[Probe, Args], State]]" = None,
        writes_files: bool = True,
        untested: bool = False,
    ) -> None:
        self.name = name
        self.args = args
        self.observe = observe
        self.desire = desire
        self.apply = apply
        self.kind = kind
        self.reach = reach
        self.exclusive = exclusive
        self.result = result
        self.complete = complete
        self.foresee = foresee
        self.verify = verify
        self.fields = fields
        self.free_form = free_form
        self.guards = guards
        self.requires_one_of = requires_one_of
        self.exclusive_args = exclusive_args
        self.also_known_as = also_known_as
        self.writes = writes
        self.uncounted = uncounted
        self.overdue = overdue
        self.writes_files = writes_files
        self.untested = untested


class Change(NamedTuple):
    """What the engine makes of found and wanted."""

    action: str
    """create, update, remove, run or none."""
    before: State
    after: State
    """Only the fields that differ, before and after."""

    def counts(self, module: Module) -> bool:
        """Say whether it is a change, and not only what is put right beside."""
        beside = self.after and all(key in module.uncounted for key in self.after)
        return self.action != "none" and not beside


def compare(module: Module, found: State, wanted: State) -> Change:
    """Decide the action and the differing fields; pure, shared by plan and apply."""
    if module.kind in ("read", "wait"):
        return Change("none", {}, {})
    if module.kind == "action":
        verb = str(found.get("foreseen", "run"))
        return Change(verb, {}, dict(wanted)) if wanted else Change("none", {}, {})
    differing = [key for key in wanted if wanted[key] != found.get(key)]
    before = {key: found.get(key) for key in differing}
    after = {key: wanted[key] for key in differing}
    if not differing:
        return Change("none", {}, {})
    if found.get("state") == ABSENT and wanted.get("state", "present") != ABSENT:
        return Change("create", before, after)
    if wanted.get("state") == ABSENT:
        return Change("remove", before, after)
    return Change("update", before, after)
