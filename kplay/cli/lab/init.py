"""``kplay lab init``: a lab file with the shape of an inventory, or a ready-made one."""

from __future__ import annotations

import re
import sys
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.lab.mirror import Mirror

HELP = "write a lab file: of an inventory's shape, or a ready-made one"

_PLAIN_STEMS = ("hosts", "inventory")
# What VirtualBox lets its users choose from without being told (192.168.56.0/21).
_VAGRANT_CIDR = IPv4Network("192.168.56.0/24")
# The groups of kplay's own Kubernetes playbooks.
_KUBERNETES = {"control_plane", "workers"}


def add(parser: ArgumentParser) -> None:
    """READY-MADE or --from, --size, --provider, -o, --force."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "ready_made", nargs="?", metavar="READY-MADE", help="the name of a ready-made lab"
    )
    source.add_argument(
        "--from", dest="inventory", action="append", default=[], metavar="INVENTORY",
        help="mirror this inventory's hosts and groups; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--size", choices=("full", "small"), default="full",
        help="small: a few hosts of each group of the inventory (all of them)",
    )  # fmt: skip
    parser.add_argument("--provider", choices=("nspawn", "vagrant"), help="nspawn, if nothing else")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (NAME.yml here); `-`: print it"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    options.add_vault(parser)


def run(chosen: Namespace) -> ExitCode:
    """Write the file, and say on standard error what became of whom."""
    from kplay.lab.load import load_string

    said: list[str] = []
    if chosen.inventory:
        made = _mirror(chosen)
        said = _said(made)
        text = _text(made, chosen)
    elif chosen.ready_made:
        if chosen.size != "full":
            raise UsageError("--size is for --from: a ready-made lab has the size that it has")
        text = _ready_made(chosen.ready_made, chosen.provider)
    else:
        raise UsageError(f"name an inventory with --from, or a ready-made lab: {_known()}")
    lab = load_string(text, chosen.output or "lab.yml")
    for line in said:
        print(line, file=sys.stderr)
    if chosen.output == "-":
        print(text, end="")
        return ExitCode.OK
    path = Path(chosen.output or f"{lab.name}.yml")
    _write(path, text, force=chosen.force)
    memory = sum(host.memory or 0 for host in lab.hosts)
    count = f"{len(lab.hosts)} host" + "s" * (len(lab.hosts) != 1)
    print(
        f"{path}: {count}, {memory} MiB in all; next: kplay lab up {path}",
        file=sys.stderr,
    )
    return ExitCode.OK


def _mirror(chosen: Namespace) -> Mirror:
    from kplay import pipeline
    from kplay.lab.find import ready_made
    from kplay.lab.load import load
    from kplay.lab.mirror import mirror

    inventory = pipeline.load_shape(options.run_options(chosen))
    provider = chosen.provider or "nspawn"
    containers = None
    if set(inventory.groups) >= _KUBERNETES:
        groups = load(ready_made()["1+2"]).groups
        containers = next(one for one in groups if one.name == "lab_containers")
    return mirror(
        inventory,
        _name(chosen.inventory[0]),
        provider=provider,
        small=chosen.size == "small",
        cidr=_VAGRANT_CIDR if provider == "vagrant" else None,
        containers=containers,
    )


def _text(made: Mirror, chosen: Namespace) -> str:
    from kplay.lab.draft import of_inventory

    return of_inventory(made, ", ".join(chosen.inventory))


def _said(made: Mirror) -> list[str]:
    lines = [f"{host}: left out, {reason}" for host, reason in made.left_out.items()]
    renamed = [(new, old) for new, old in made.originals.items() if new != old]
    if len(renamed) == 1:
        lines.append(f"{renamed[0][1]}: {renamed[0][0]} in the lab")
    elif renamed:
        lines.append(
            f"{len(renamed)} hosts have other names in the lab, such as {renamed[0][0]} for"
            f" {renamed[0][1]}: the comments in the file say which"
        )
    return lines


def _ready_made(name: str, provider: str | None) -> str:
    from kplay.diagnostics import suggest
    from kplay.lab.draft import of_ready_made
    from kplay.lab.find import ready_made

    files = ready_made()
    if name not in files:
        hints = suggest(name, files) or (f"there are: {_known()}",)
        raise UsageError(f"no ready-made lab named `{name}`\n = help: {hints[0]}")
    return of_ready_made(files[name].read_text(encoding="utf-8"), name, provider)


def _known() -> str:
    from kplay.lab.find import ready_made

    return ", ".join(ready_made())


def _name(source: str) -> str:
    """``prod-lab`` for ``inventories/prod``, ``inventories/prod/hosts.yml`` and ``prod.ini``."""
    path = Path(source)
    stem = "" if "," in source else path.stem
    if stem in _PLAIN_STEMS:
        stem = path.resolve().parent.name
    label = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:25].strip("-")
    return f"{label}-lab" if label[:1].isalpha() else "mirror-lab"


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        message = f"`{path}` is there already\n = help: name another with -o, or give --force"
        raise UsageError(message) from error
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {error.strerror}") from error
