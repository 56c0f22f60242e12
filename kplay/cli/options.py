"""Options that several verbs share, spelled as Ansible spells them, and what they come to."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay import ansible_cfg, asking
from kplay.cli import ansible_options
from kplay.errors import UsageError
from kplay.execute.options import RUNS_DIRECTORY, Passwords, RunOptions
from kplay.playbook import keywords
from kplay.vault.envelope import DEFAULT
from kplay.vault.sources import ASK

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from argparse import _ArgumentGroup as ArgumentGroup
    from contextlib import AbstractContextManager

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.walk.events import Listener


def add_inventory(parser: ArgumentParser) -> None:
    """-i, --lab, --limit, -e: which hosts, with which variables."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "-i",
        "--inventory",
        "--inventory-file",
        action="append",
        default=[],
        metavar="SOURCE",
        help="inventory file, directory, or hosts with a comma (`-i a,b` or `-i a,`); repeatable",
    )
    source.add_argument(
        "--lab",
        default="",
        metavar="LAB",
        help="the hosts of a lab that is up (`kplay lab`), by its name or lab file, and no others",
    )
    add_limit(parser)
    add_vault(parser)
    add_extra_vars(parser)


def add_limit(parser: ArgumentParser) -> None:
    """-l: which hosts of the inventory."""
    parser.add_argument("-l", "--limit", default="", metavar="PATTERN", help="only these hosts")


def add_extra_vars(parser: ArgumentParser) -> None:
    """-e: variables that win."""
    parser.add_argument(
        "-e",
        "--extra-vars",
        action="append",
        default=[],
        metavar="VARS",
        help="`key=value`, `{json}` or `@file.yml`; repeatable, wins over every other variable",
    )


def add_playbooks(parser: ArgumentParser, count: str = "+") -> None:
    """PLAYBOOK …, --tags, --skip-tags, with the inventory's options."""
    add_playbook_files(parser, count)
    add_inventory(parser)
    parser.add_argument(
        "--absent",
        action="append",
        default=[],
        metavar="PATTERN",
        help="hosts that are gone: nothing runs on them and none is connected to; repeatable",
    )
    add_tags(parser)


def add_playbook_files(parser: ArgumentParser, count: str = "+") -> None:
    """PLAYBOOK …."""
    parser.add_argument(
        "playbooks", nargs=count, type=Path, metavar="PLAYBOOK", help="playbook file"
    )


def add_tags(parser: ArgumentParser) -> None:
    """--tags, --skip-tags."""
    for name, text in (
        ("--tags", "only tasks with one of these tags"),
        ("--skip-tags", "not these"),
    ):
        parser.add_argument(
            *(("-t", name) if name == "--tags" else (name,)),
            action="append",
            default=[],
            metavar="A,B",
            help=f"{text}; repeatable",
        )


def add_vault(parser: ArgumentParser) -> None:
    """Where vault passwords come from."""
    group = parser.add_argument_group("vault")
    group.add_argument(
        "--vault-id",
        action="append",
        default=[],
        metavar="LABEL@SOURCE",
        help="a vault id and its password: a file, a script or `prompt`; repeatable",
    )
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--vault-password-file",
        "--vault-pass-file",
        action="append",
        default=[],
        metavar="FILE",
        help="a vault password, or a script that prints it; repeatable",
    )
    one.add_argument(
        "-J",
        "--ask-vault-password",
        "--ask-vault-pass",
        action="store_true",
        help="ask for the vault password",
    )


def vault_ids(chosen: Namespace, cfg: AnsibleCfg) -> tuple[str, ...]:
    """The sources of vault passwords in Ansible's order: ids, files, the question."""
    given = vars(chosen)
    if "vault_id" not in given:
        return ()
    default = str(cfg.get("vault_identity", DEFAULT))
    found = [*cfg.get("vault_identity_list", ()), *given["vault_id"]]
    found = [one if "@" in one else f"{default}@{one}" for one in found]
    files = given["vault_password_file"]
    asks = given["ask_vault_password"]
    if not files and not asks:
        configured = cfg.get("vault_password_file")
        files = [configured] if configured else []
        asks = not files and cfg.get("ask_vault_pass", False)
    found += [f"{default}@{one}" for one in files]
    return (*found, ASK) if asks else tuple(found)


def add_connection(parser: ArgumentParser) -> None:
    """How hosts are reached, and as whom."""
    group = parser.add_argument_group("connection")
    add_forks(group)
    group.add_argument("-u", "--user", metavar="NAME", help="connect as this user")
    group.add_argument("--private-key", "--key-file", type=Path, metavar="FILE", help="SSH key")
    connection = group.add_mutually_exclusive_group()
    connection.add_argument(
        "-k", "--ask-pass", action="store_true", help="ask for the SSH password"
    )
    group.add_argument(
        "--accept-new-host-keys",
        action="store_true",
        help="add keys of hosts never seen before to known_hosts; a changed key is always refused",
    )
    ansible_options.add_way(parser)
    group = add_become(parser)
    become = group.add_mutually_exclusive_group()
    become.add_argument(
        "-K", "--ask-become-pass", action="store_true", help="ask for the password of become"
    )
    ansible_options.add_password_files(connection, become)


def add_forks(parser: ArgumentParser | ArgumentGroup) -> None:
    """-f."""
    parser.add_argument("-f", "--forks", type=int, metavar="N", help="hosts at once (50)")


def add_become(parser: ArgumentParser) -> ArgumentGroup:
    """-b and whom to become, in a group that is returned; passwords left out."""
    group = parser.add_argument_group("privileges")
    group.add_argument("-b", "--become", action="store_true", default=None, help="become a user")
    group.add_argument("--become-user", metavar="NAME", help="which user (root)")
    group.add_argument(
        "--become-method", choices=keywords.BECOME_METHODS, metavar="METHOD",
        help="sudo (default), su or doas",
    )  # fmt: skip
    return group


def add_shown(parser: ArgumentParser) -> None:
    """What the reader sees."""
    parser.add_argument("-D", "--diff", action="store_true", help="whole diffs")
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="steps that changed nothing and output too; -vv: connections too",
    )


def add_probes(parser: ArgumentParser) -> None:
    """What a plan may run."""
    parser.add_argument(
        "--probes",
        choices=["none", "author"],
        default="none",
        help="author: a plan also runs commands marked `changed_when: false`",
    )


def run_options(chosen: Namespace, *, check: bool = False) -> RunOptions:
    """The parsed command line as one value; asks for passwords where that was asked for.

    Raises:
        UsageError: an option has a value that it cannot have.
    """
    given = vars(chosen)
    cfg = ansible_cfg.find()
    cfg = ansible_options.with_modules(cfg, given.get("module_path", []))
    for warning in cfg.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    forks = given.get("forks") or cfg.get("forks", 50)
    if given.get("forks") == 0 or forks < 1:
        raise UsageError("--forks must be 1 or more")
    return RunOptions(
        playbooks=tuple(given.get("playbooks", ())),
        inventory=_sources(given),
        limit=given.get("limit", ""),
        absent=_split(given.get("absent", ())),
        flush_cache=given.get("flush_cache", False),
        tags=_split(given.get("tags") or cfg.get("run_tags", ())),
        skip_tags=_split(given.get("skip_tags") or cfg.get("skip_tags", ())),
        extra_vars=tuple(given.get("extra_vars", ())),
        vault_ids=vault_ids(chosen, cfg),
        forks=forks,
        user=given.get("user") or cfg.get("user"),
        private_key=given.get("private_key") or cfg.get("private_key"),
        become=given.get("become") or cfg.get("become"),
        become_user=given.get("become_user") or cfg.get("become_user"),
        become_method=given.get("become_method") or cfg.get("become_method"),
        passwords=_passwords(given, cfg),
        **ansible_options.way_options(given),
        diff=given.get("diff", False),
        check=check,
        verbosity=given.get("verbose", 0),
        # Without a look at keys, anybody could be the host: new ones are taken, changed ones never
        accept_new_host_keys=given.get("accept_new_host_keys", False)
        or not cfg.get("host_key_checking", True),
        accept_drift=given.get("accept_drift", False),
        probes_author=given.get("probes") == "author",
        runs_directory=given.get("runs_directory", RUNS_DIRECTORY),
        ansible_cfg=cfg,
    )


def _sources(given: dict[str, Any]) -> tuple[str, ...]:
    """The inventories of -i, or the lab's."""
    if not given.get("lab"):
        return tuple(given.get("inventory", ()))
    from kplay import lab

    return (str(lab.standing_inventory(given["lab"])),)


def add_accept_drift(parser: ArgumentParser) -> None:
    """What a run of a plan file makes of what is not as planned."""
    parser.add_argument(
        "--accept-drift",
        action="store_true",
        help="of a plan file: go on with what is found where it is not as planned",
    )


def add_runs_directory(parser: ArgumentParser) -> None:
    """Where runs are journaled."""
    parser.add_argument(
        "--runs-directory",
        type=Path,
        default=RUNS_DIRECTORY,
        metavar="DIR",
        help=f"where runs are kept ({RUNS_DIRECTORY})",
    )


def add_report(parser: ArgumentParser) -> None:
    """The form of the report."""
    parser.add_argument(
        "--report",
        choices=["auto", "plain", "jsonl"],
        default="auto",
        help="auto: live on a terminal, plain lines elsewhere; jsonl: one event a line",
    )


def report(chosen: Namespace) -> AbstractContextManager[Listener]:
    """The listener that the options ask for, on standard output."""
    from kplay.report import choose

    # A live display would run over the questions of --step
    form = "plain" if vars(chosen).get("step") and chosen.report == "auto" else chosen.report
    return choose.listener(sys.stdout, form=form, verbosity=chosen.verbose, diff=chosen.diff)


def _split(given: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(tag.strip() for text in given for tag in text.split(",") if tag.strip())


def _passwords(given: dict[str, Any], cfg: AnsibleCfg) -> Passwords:
    """From files where the command line or ansible.cfg names some, else from the user."""
    files: dict[str, Any] = {}
    for kind, asks in (("connection", "ask_pass"), ("become", "ask_become_pass")):
        name = f"{kind}_password_file"
        file = given.get(name) or (not given.get(asks) and cfg.get(name))
        if file:
            files[kind] = ansible_options.password_from(str(file))
    asked = _ask(
        connection="connection" not in files and (given.get("ask_pass") or cfg.get("ask_pass")),
        become="become" not in files
        and (given.get("ask_become_pass") or cfg.get("become_ask_pass")),
    )
    return replace(asked, **files)


def _ask(*, connection: bool, become: bool) -> Passwords:
    first = asking.hidden("SSH password: ") if connection else None
    prompt = "BECOME password: " if first is None else "BECOME password[defaults to SSH password]: "
    second = asking.hidden(prompt) if become else None
    return Passwords(connection=first, become=second or first if become else None)
