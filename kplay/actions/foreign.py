"""The controller half of modules that are not kplay's: their source goes with the arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.api import Call, Context, fault, file_content
from kplay.agent.session import BlobSource
from kplay.foreign.pack import pack

if TYPE_CHECKING:
    from kplay.foreign.find import Foreign

_SPECIAL_FILE_SYSTEMS = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"]


def foreign(context: Context) -> list[Call]:
    """One call with the packed module, or with the program."""
    module = context.task.foreign
    assert module is not None  # noqa: S101 - the loader found it
    try:
        return [_packed(context, module) if module.kind == "python" else _program(context, module)]
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        message = f"the module `{module.name}` at {module.path} cannot be packed: {error}"
        raise fault(context, "bad-module", message) from error


def _packed(context: Context, module: Foreign) -> Call:
    packed = pack(module)
    carrier = BlobSource(packed.listed, 0, sources=packed.sources)
    args = {
        "name": module.full,
        "package": module.package,
        "listed": packed.listed,
        "parameters": _parameters(context),
        "told": _told(context, module, packed.version),
        "may_be_told": sorted(packed.told),
        "checks": packed.checks,
    }
    return Call("foreign", args, {packed.listed: carrier}, facts=packed.facts)


def _program(context: Context, module: Foreign) -> Call:
    with module.path.open("rb") as stream:
        first = stream.readline(256)
    content, blobs = file_content(module.path)
    args = {
        "name": module.full,
        "file": module.path.name,
        "content": content,
        "format": module.kind,
        "shebang": first[2:].decode("utf-8", "replace").strip() if first[:2] == b"#!" else "",
        "parameters": _parameters(context),
        "told": _told(context, module, ""),
    }
    return Call("foreign_program", args, blobs)


def _parameters(context: Context) -> dict[str, Any]:
    return {key: value for key, value in context.args.items() if key != "_raw"}


def _told(context: Context, module: Foreign, version: str) -> dict[str, Any]:
    """What Ansible tells a module beside its arguments.

    https://docs.ansible.com/ansible/latest/dev_guide/developing_program_flow_modules.html#internal-arguments
    """
    return {
        "no_log": context.no_log,
        "debug": False,
        "diff": context.diff,
        "verbosity": int(context.scope["ansible_verbosity"]),
        "version": version,
        "module_name": module.full,
        "syslog_facility": "LOG_USER",
        "selinux_special_fs": _SPECIAL_FILE_SYSTEMS,
        "string_conversion_action": "warn",
        "socket": None,
        "shell_executable": "/bin/sh",
        "keep_remote_files": False,
        "tmpdir": None,
        "remote_tmp": "/tmp",  # noqa: S108 - where modules make folders of their own
        "ignore_unknown_opts": False,
        "target_log_info": None,
        "tracebacks_for": [],
    }
