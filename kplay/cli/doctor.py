"""``kplay doctor``: what this controller lacks, and how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

HELP = "check this controller: python, ssh, labs"

_LIBRARIES = ("fabric", "jinja2", "networkx", "paramiko", "pyyaml", "rich")
_LAB_PROGRAMS = (
    ("systemd-nspawn", "systemd-container"),
    ("mmdebstrap", "mmdebstrap"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
)


class Finding(NamedTuple):
    """One thing looked at; ``needed`` is false where only labs want it."""

    name: str
    good: bool
    detail: str
    fix: str = ""
    needed: bool = True


def add(parser: ArgumentParser) -> None:
    """No options."""


def run(chosen: Namespace) -> ExitCode:
    """Print a line for each finding; exit 1 when something needed is missing."""
    missing = False
    for one in findings():
        mark = "ok     " if one.good else ("missing" if one.needed else "absent ")
        print(f"{mark} {one.name}: {one.detail}")
        if not one.good and one.fix:
            print(f"         = help: {one.fix}")
        missing = missing or (one.needed and not one.good)
    return ExitCode.BAD_INPUT if missing else ExitCode.OK


def findings() -> Iterator[Finding]:
    """Everything worth knowing, the needed things first."""
    text = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), text, "install Python 3.11 or later")
    for name in _LIBRARIES:
        yield _library(name)
    yield from _ansible_cfg()
    yield from _foreign()
    yield from _ssh(Path.home() / ".ssh")
    yield from _lab()


def _library(name: str) -> Finding:
    try:
        return Finding(name, good=True, detail=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, good=False, detail="not installed", fix=f"pip install {name}")


def _ansible_cfg() -> Iterator[Finding]:
    from kplay import ansible_cfg

    found = ansible_cfg.find()
    detail = str(found.path) if found.path else "none, which is fine"
    yield Finding("ansible.cfg", good=True, detail=detail)
    for name, value in found.values.items():
        yield Finding(
            f"ansible.cfg: {name}", good=True, detail=f"{_plain(value.value)} ({value.origin})"
        )
    for name, reason in found.ignored.items():
        yield Finding(f"ansible.cfg: {name}", good=True, detail=f"ignored: {reason}")
    for warning in found.warnings:
        yield Finding("ansible.cfg", good=False, detail=warning, needed=False)


def _foreign() -> Iterator[Finding]:
    from kplay.cli.foreign import places
    from kplay.foreign.core import core_folder, core_version
    from kplay.foreign.missing import EXTRA

    core = core_folder()
    yield Finding(
        "ansible-core (for modules that are not kplay's)",
        core is not None,
        f"{core_version(core)} in {core}" if core is not None else "not installed",
        EXTRA,
        needed=False,
    )
    for home in dict.fromkeys(places().homes):
        inside = home / "ansible_collections"
        names = sorted(
            f"{one.parent.name}.{one.name}"
            for one in inside.glob("*/*")
            if one.is_dir() and one.name != "__pycache__"
        )
        if names:
            yield Finding(f"collections in {inside}", good=True, detail=", ".join(names))


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ssh(home: Path) -> Iterator[Finding]:
    found = shutil.which("ssh")
    yield Finding(
        "ssh", bool(found), found or "not on PATH", "apt-get install openssh-client", needed=False
    )
    config = home / "config"
    readable = not config.exists() or os.access(config, os.R_OK)
    detail = str(config) if config.exists() else f"{config} is not there, which is fine"
    yield Finding("ssh config", readable, detail, f"chmod u+r {config}")
    hosts = home / "known_hosts"
    number = 0
    if hosts.is_file():
        lines = hosts.read_text(encoding="utf-8", errors="replace").splitlines()
        number = sum(bool(line.strip()) and not line.startswith("#") for line in lines)
    yield Finding(
        "known hosts",
        number > 0,
        f"{number} keys in {hosts}",
        "log in once with ssh, or give --accept-new-host-keys when you trust the network",
        needed=False,
    )
    agent = os.environ.get("SSH_AUTH_SOCK")
    keys = sorted(path.name for path in home.glob("id_*") if path.suffix != ".pub")
    yield Finding(
        "ssh keys",
        bool(agent or keys),
        f"agent {agent}" if agent else ", ".join(keys) or "no agent, no key",
        "ssh-keygen -t ed25519, or --private-key, or -k",
        needed=False,
    )


def _lab() -> Iterator[Finding]:
    root = os.geteuid() == 0
    sudo = shutil.which("sudo")
    yield Finding(
        "root (for labs)", root, "yes" if root else f"no, sudo: {sudo or 'not on PATH'}",
        "run `kplay lab` with sudo", needed=False,
    )  # fmt: skip
    for program, package in _LAB_PROGRAMS:
        found = shutil.which(program)
        yield Finding(
            f"{program} (for labs)", bool(found), found or "not on PATH",
            f"apt-get install {package}", needed=False,
        )  # fmt: skip
