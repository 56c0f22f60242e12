"""The text of a new lab file, for people: comments, and a line a host in the inventory's order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from kplay.lab.write import as_data

if TYPE_CHECKING:
    from kplay.lab.mirror import Mirror

_PROVIDER = re.compile(r"^provider:.*$", re.MULTILINE)


def of_inventory(made: Mirror, source: str) -> str:
    """The lab file of a mirrored inventory.

    Args:
        made: the lab and whom its hosts stand for.
        source: where the inventory was read from, as its user names it.
    """
    lab, data = made.lab, as_data(made.lab)
    count = len(lab.hosts)
    hosts = f"all {count} hosts" if count == made.of else f"{count} of the {made.of} hosts"
    if made.of == 1:
        hosts = "its one host"
    lines = [
        f"# A lab with the shape of {_plain(source)}:",
        f"# its groups, and {hosts}. Variables were not copied.",
        "# A host can also have: disks: [10, 20] (GiB), os, box, address, networks, vars.",
        f"name: {lab.name}",
        f"provider: {lab.provider}",
        f"os: {lab.os}",
        "",
    ]
    if any(data["networks"].values()):
        lines += ["networks:", *_entries(data["networks"]), ""]
    lines.append("hosts:")
    for host, line in zip(lab.hosts, _entries(data["hosts"]), strict=True):
        original = made.originals[host.name]
        lines.append(line if original == host.name else f"{line}  # {_plain(original)}")
    if lab.groups:
        lines += ["", "groups:"]
        for group in lab.groups:
            entry = data["groups"].get(group.name, {})
            if entry.get("vars"):
                lines += _block({group.name: entry})
            else:
                lines += _entries({group.name: entry})
    return "\n".join(lines) + "\n"


def of_ready_made(text: str, name: str, provider: str | None) -> str:
    """A ready-made lab file as one's own, by another provider if one is named."""
    if provider is not None:
        text = _PROVIDER.sub(f"provider: {provider}", text, count=1)
    return f"# From the ready-made lab `{name}`.\n{text}"


def _entries(data: dict[str, Any]) -> list[str]:
    """A line an entry, as ``  name: {key: value}``."""
    return [
        f"  {_flow(key)}: {_flow(value) if value else ''}".rstrip() for key, value in data.items()
    ]


def _block(data: dict[str, Any]) -> list[str]:
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=False, width=1000)
    return [f"  {line}" for line in text.splitlines()]


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
