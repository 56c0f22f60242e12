"""The names a task can call: the modules of the catalog, and kplay's own on the controller."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from kplay.modules.api import Arg

if TYPE_CHECKING:
    from kplay.foreign.find import Foreign, Places
    from kplay.modules.api import Module

BUILTIN = ("ansible.builtin.", "ansible.legacy.")
INCLUDES = {"include_tasks": "tasks", "include_role": "role"}
HIDDEN = frozenset({"foreign", "foreign_program"})
"""Modules that run others, which no task calls by these names."""
IMPORTS = ("import_tasks", "import_role")
TASK_FILE = {
    "file": Arg(),
    "apply": Arg("dict"),
}
ROLE_USE = {
    "name": Arg(required=True, aliases=("role",)),
    "tasks_from": Arg(),
    "vars_from": Arg(),
    "defaults_from": Arg(),
    "handlers_from": Arg(),
    "allow_duplicates": Arg("bool"),
    "public": Arg("bool"),
    "rolespec_validate": Arg("bool"),
    "apply": Arg("dict"),
}


class Called(NamedTuple):
    """What loading needs to know of a module."""

    name: str
    args: dict[str, Arg]
    free_form: str = ""
    """The argument that free-form text is for; ``_raw`` when it stays as written."""
    raw_argument: str = ""
    """The argument that the module itself knows ``_raw`` by, when it is another."""
    open: bool = False
    """True when any argument is taken (set_fact, add_host)."""
    requires_one_of: tuple[tuple[str, ...], ...] = ()
    exclusive_args: tuple[tuple[str, ...], ...] = ()
    refused: str = ""
    """Why the name is known and yet not supported."""
    passable: bool = False
    """Whether a refused name may stand where a condition can pass it by."""
    foreign: Foreign | None = None
    """Where it lies on the controller, when it is not kplay's."""


_ON_WINDOWS = "it is for hosts with windows, and kplay connects to none"
_WINDOWS = ("ansible.windows", "community.windows", "chocolatey.chocolatey", "microsoft.ad")
"""Collections all of whose modules run on Windows."""
_TEMPLATE_OPTIONS = {
    "newline_sequence": Arg(choices=("\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n")),
    "block_start_string": Arg(),
    "block_end_string": Arg(),
    "variable_start_string": Arg(),
    "variable_end_string": Arg(),
    "comment_start_string": Arg(),
    "comment_end_string": Arg(),
    "trim_blocks": Arg("bool"),
    "lstrip_blocks": Arg("bool"),
    "output_encoding": Arg(),
}
_COPY_ALONE = ("content", "remote_src", "directory_mode", "local_follow", "checksum", "decrypt")
META = ("clear_facts", "clear_host_errors", "end_batch", "end_host", "end_play", "end_role",
        "flush_handlers", "noop", "refresh_inventory", "reset_connection")  # fmt: skip
"""The words that ``meta`` takes."""
META_REFUSED: dict[str, str] = {}
"""Words that Ansible has beside them, and why kplay has not."""

_CONTROLLER: tuple[Called, ...] = (
    Called("set_fact", {"cacheable": Arg("bool")}, open=True),
    Called("debug", {"msg": Arg("raw"), "var": Arg("raw"), "verbosity": Arg("int")},
           exclusive_args=(("msg", "var"),)),
    Called("assert", {"that": Arg("raw", required=True),
                      "fail_msg": Arg("raw", aliases=("msg",)),
                      "success_msg": Arg("raw"), "quiet": Arg("bool")}),
    Called("fail", {"msg": Arg("raw")}),
    Called("validate_argument_spec", {"argument_spec": Arg("dict", required=True),
                                      "provided_arguments": Arg("dict"),
                                      "validate_args_context": Arg("dict")}),
    Called("meta", {"_raw": Arg(required=True, choices=META)}, free_form="_raw"),
    Called("include_vars", {"file": Arg("path"), "dir": Arg("path"), "name": Arg(),
                            "depth": Arg("int"), "files_matching": Arg(),
                            "ignore_files": Arg("list"), "extensions": Arg("list"),
                            "ignore_unknown_extensions": Arg("bool"),
                            "hash_behaviour": Arg(choices=("replace", "merge"))},
           free_form="file", requires_one_of=(("file", "dir"),),
           exclusive_args=(("file", "dir"),)),
    Called("fetch", {"src": Arg("path", required=True), "dest": Arg("path", required=True),
                     "flat": Arg("bool"), "fail_on_missing": Arg("bool"),
                     "validate_checksum": Arg("bool")}),
    Called("add_host", {"name": Arg(aliases=("hostname", "host")),
                        "groups": Arg("raw", aliases=("groupname", "group"))}, open=True),
    Called("group_by", {"key": Arg(required=True), "parents": Arg("raw")}),
    Called("pause", {"seconds": Arg("raw"), "minutes": Arg("raw"), "prompt": Arg(),
                     "echo": Arg("bool")}, exclusive_args=(("seconds", "minutes"),)),
    Called("script", {"cmd": Arg(), "chdir": Arg("path"), "creates": Arg("path"),
                      "removes": Arg("path"), "executable": Arg(),
                      "decrypt": Arg(refused="ansible-core's `script` has none either; a script"
                                             " that is encrypted is always opened")},
           free_form="_raw", raw_argument="cmd"),
    Called("kubeconfig", {}, open=True),
    Called("bundle_artifact", {"name": Arg(required=True), "version": Arg(),
                               "bundle": Arg("path"), "dest": Arg("path"), "mode": Arg("mode"),
                               "owner": Arg(), "group": Arg()}),
    Called("preflight", {"settings": Arg("dict", required=True), "looked": Arg("dict"),
                         "reached": Arg("dict")}),
    Called("set_stats", {"data": Arg("raw"), "per_host": Arg("bool"), "aggregate": Arg("bool")}),
    Called("synchronize", {}, open=True,
           refused="rsync opens a connection of its own, beside the verified one that kplay drives;"
                   " `copy` with a directory as `src` sends only what the host lacks, and `fetch`"
                   " brings files back"),
    Called("include", {}, "_raw", open=True, refused="write `include_tasks` or `import_tasks`"),
    Called("import_playbook", {}, "_raw", open=True,
           refused="a playbook is imported beside plays, not in a list of tasks"),
)  # fmt: skip
_READING: tuple[Called, ...] = (
    Called("include_tasks", TASK_FILE, free_form="file"),
    Called("import_tasks", {"file": TASK_FILE["file"]}, free_form="file"),
    Called("include_role", ROLE_USE),
    Called("import_role", {name: arg for name, arg in ROLE_USE.items() if name != "apply"}),
)
"""What loading itself obeys."""
_READ = {called.name: called for called in _READING}
ACTIONS: dict[str, Called] = {called.name: called for called in _CONTROLLER}
"""Names that run on the controller alone, or whose first half does."""


@cache
def find(name: str) -> Called | None:
    """What a task calls under this name, or None when nobody knows it."""
    from kplay.modules import catalog

    own = local_name(name)
    if own in _READ:
        return _READ[own]
    module = catalog.find(name) if own not in HIDDEN else None
    if own in ("copy", "template"):
        return _placing(own, catalog.find("copy"))
    action = ACTIONS.get(own.removeprefix("ansible.posix."))
    if module is None or (action is not None and not action.refused):
        return action
    return Called(
        module.name,
        dict(module.args),
        "_raw" if module.free_form else "",
        raw_argument=module.free_form,
        requires_one_of=tuple(tuple(one) for one in module.requires_one_of),
        exclusive_args=tuple(tuple(one) for one in module.exclusive_args),
    )


def look(name: str, places: Places) -> Called | None:
    """What a task calls under this name where it stands: a library beside it goes first."""
    from kplay.foreign import find as foreign

    module = None if _first_half(name) else foreign.in_library(name, places)
    if module is None:
        known = find(name)
        if known is not None:
            return known
        module = foreign.installed(name, places)
    if _windows(name):
        return Called(name, {}, "_raw", open=True, refused=_ON_WINDOWS, passable=True)
    if module is None:
        return None
    if module.refused:
        return Called(name, {}, open=True, refused=module.refused)
    how = "foreign" if module.kind == "python" else "foreign_program"
    return Called(how, {}, open=True, foreign=module)


def _windows(name: str) -> bool:
    """Whether a name is one of a module for Windows: a collection's, or its short name."""
    collection, _, own = local_name(name).rpartition(".")
    return collection in _WINDOWS or (not collection and own.startswith("win_"))


def _first_half(name: str) -> bool:
    """Whether kplay's own half on the controller goes first, as Ansible's action plugins do."""
    own = local_name(name)
    ours = own in ACTIONS and not ACTIONS[own].refused
    return ours or own in _READ or own in ("copy", "template")


def _placing(name: str, copy: Module | None) -> Called:
    """Copy and template: what the host's half takes, and what the controller's half adds."""
    args = {key: arg for key, arg in (copy.args if copy else {}).items() if key[0] != "_"}
    if name == "copy":
        choice = (("src", "content"),)
        return Called(name, args, requires_one_of=choice, exclusive_args=choice)
    kept = {key: arg for key, arg in args.items() if key not in _COPY_ALONE}
    source = {"src": Arg("path", required=True)}
    return Called(name, {**kept, **source, **_TEMPLATE_OPTIONS})


def local_name(name: str) -> str:
    """The name without Ansible's own collection before it."""
    for prefix in BUILTIN:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def short(name: str) -> str:
    """The name without any collection before it, as suggestions compare it."""
    return name.rpartition(".")[2]


def names() -> list[str]:
    """Every name a task can call, sorted; for suggestions."""
    from kplay.modules import catalog

    own = (name for name, called in ACTIONS.items() if not called.refused)
    known = set(catalog.names()) - HIDDEN
    return sorted({*known, *own, "copy", "template", *INCLUDES, *IMPORTS})
