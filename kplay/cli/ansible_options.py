"""Options of ansible-playbook beyond the everyday ones: honoured, or refused with the reason."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from kplay.ansible_cfg import MODULE_PATH, Value
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.execute.options import RunOptions

_CHANNEL = "files travel in the agent's own channel"
REFUSED = (
    (("--sftp-extra-args",), _CHANNEL),
    (("--scp-extra-args",), _CHANNEL),
)
"""Options that ansible-playbook has and kplay has not, and why."""

_CONNECTIONS = ("ssh", "smart", "paramiko", "paramiko_ssh", "openssh", "local")


class _Refused(argparse.Action):
    """An option that is known and not supported."""

    def __init__(self, option_strings: list[str], dest: str, **given: Any) -> None:
        self.reason = given.pop("reason")
        super().__init__(option_strings, dest, **given)

    def __call__(
        self, parser: object, namespace: object, values: object, option: Any = ""
    ) -> Never:
        del parser, namespace, values
        raise UsageError(f"`{option}` is not supported: {self.reason}")


def add_way(parser: ArgumentParser) -> None:
    """How hosts are reached, beyond the user and the key."""
    group = parser.add_argument_group("connection, where the inventory does not say otherwise")
    group.add_argument("-c", "--connection", metavar="KIND", help="ssh (default), openssh or local")
    group.add_argument("-T", "--timeout", type=int, metavar="S", help="seconds for a connection")
    group.add_argument("--ssh-common-args", metavar="ARGS", help="options of ssh for every hop")
    group.add_argument("--ssh-extra-args", metavar="ARGS", help="options of ssh for the last hop")
    add_module_path(group)
    for options, reason in REFUSED:
        refuse(group, options, reason)


def refuse(parser: Any, options: tuple[str, ...], reason: str) -> None:
    """Options that users may look for, and why they are not there."""
    parser.add_argument(
        *options,
        action=_Refused,
        reason=reason,
        metavar="X",
        default=argparse.SUPPRESS,
        help=f"refused: {reason}",
    )


def add_module_path(parser: Any) -> None:
    """Where modules lie that are not kplay's."""
    parser.add_argument(
        "-M", "--module-path", action="append", default=[], metavar="DIR:DIR",
        help="folders of modules, sought before those of ansible.cfg; repeatable",
    )  # fmt: skip


def add_password_files(connection: Any, become: Any) -> None:
    """Files instead of questions, in the groups of -k and -K, which exclude them."""
    connection.add_argument(
        "--connection-password-file", "--conn-pass-file", metavar="FILE",
        help="the SSH password, or a program that prints it; - is standard input",
    )  # fmt: skip
    become.add_argument(
        "--become-password-file", "--become-pass-file", metavar="FILE",
        help="the password of become, likewise",
    )  # fmt: skip


def add_extent(parser: ArgumentParser) -> None:
    """Which part of a playbook is walked, and how far the user goes along."""
    parser.add_argument(
        "--start-at-task", default="", metavar="NAME",
        help="begin at the first task of that name (a pattern such as `install*` will do)",
    )  # fmt: skip
    parser.add_argument("--step", action="store_true", help="ask before each task: (n)o, y, c")


def add_run(parser: ArgumentParser) -> None:
    """What only runs have."""
    parser.add_argument(
        "--force-handlers", action="store_true", help="run notified handlers after a failure too"
    )
    parser.add_argument(
        "--flush-cache", action="store_true", help="forget kept facts of every host first"
    )


def add_lists(parser: ArgumentParser) -> None:
    """What is printed instead of a run."""
    group = parser.add_argument_group("instead of a run")
    for what in ("hosts", "tasks", "tags"):
        group.add_argument(f"--list-{what}", action="store_true", help=f"print the {what} and end")
    group.add_argument("--syntax-check", action="store_true", help="load everything and end")


def listed(chosen: Namespace, asked: RunOptions) -> ExitCode | None:
    """Print what the options ask for; None when they ask for a run."""
    wanted = {what: getattr(chosen, f"list_{what}") for what in ("hosts", "tasks", "tags")}
    if not any(wanted.values()) and not chosen.syntax_check:
        return None
    from kplay import pipeline
    from kplay.report import listing

    if chosen.syntax_check:
        plays = pipeline.check_syntax(asked)
    else:
        plays = pipeline.prepare(asked).graph.plays
    everything = wanted["tags"] and not asked.tags and not asked.skip_tags
    print(listing.text(asked.playbooks, plays, everything=everything, **wanted))
    return ExitCode.OK


def with_modules(cfg: AnsibleCfg, given: list[str]) -> AnsibleCfg:
    """The settings with the folders of ``-M`` before those that they name themselves.

    Of several ``-M`` the last is looked at first, as ansible-playbook does.
    """
    named = [
        Path(part).expanduser().absolute()
        for text in reversed(given)
        for part in text.split(os.pathsep)
        if part
    ]
    if not named:
        return cfg
    value = Value([*named, *cfg.libraries], MODULE_PATH)
    return replace(cfg, values={**cfg.values, "library": value})


def way_options(given: dict[str, Any]) -> dict[str, Any]:
    """The options of ``add_way`` and ``add_extent`` as fields of RunOptions.

    Raises:
        UsageError: a kind of connection that kplay has not.
    """
    kind = given.get("connection")
    if kind is not None and kind.rpartition(".")[2] not in _CONNECTIONS:
        raise UsageError(f"no connection named `{kind}`\n = help: ssh, openssh and local are there")
    timeout = given.get("timeout")
    if timeout is not None and timeout < 1:
        raise UsageError("--timeout must be 1 second or more")
    step = given.get("step", False)
    return {
        "connection": kind,
        "timeout": timeout,
        "ssh_common_args": given.get("ssh_common_args") or "",
        "ssh_extra_args": given.get("ssh_extra_args") or "",
        "force_handlers": given.get("force_handlers", False),
        "start_at_task": given.get("start_at_task", ""),
        "ask": _ask if step else None,
    }


def _ask(task: str) -> str:
    """Ask for one task; ``n``, ``y`` or ``c``. The end of the input is a no."""
    while True:
        print(f"Perform task: {task} (N)o/(y)es/(c)ontinue: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        word = line.strip().lower()[:1] or "n"
        if word in "nyc":
            return word


def password_from(name: str) -> str:
    """The password in a file, printed by a program, or on standard input (``-``).

    Raises:
        UsageError: there is none.
    """
    if name == "-":
        text = sys.stdin.read()
    else:
        path = Path(name).expanduser()
        try:
            if path.is_file() and os.access(path, os.X_OK):
                argv = [str(path.absolute())]
                text = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
            else:
                text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, subprocess.CalledProcessError) as error:
            raise UsageError(f"no password in `{name}`: {error}") from error
    password = text.strip()
    if not password:
        raise UsageError(f"`{name}` holds no password")
    return password
