"""Names for the hosts of a lab that mirrors an inventory: short ones, which still say who is meant.

A lab's host bears its name as its host name, so it is one label: no dots, no capitals.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kplay.lab.load import HOST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST = 32
_OTHER = re.compile(r"[^a-z0-9]+")


def lab_names(hosts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A name for each host: its own, its first label, or for an address its group and a number.

    Args:
        hosts: the inventory's names, each with the groups that name the host themselves.
    """
    labels: dict[str, int] = {}
    for name in hosts:
        label = _label(name.partition(".")[0])
        labels[label] = labels.get(label, 0) + 1
    taken = {name for name in hosts if HOST_NAME.fullmatch(name)}
    found = {}
    for name, groups in hosts.items():
        if name in taken:
            found[name] = name
            continue
        if _is_address(name):
            group = min(groups, key=lambda one: "etcd" in one, default="host")
            free = _free(_label(group), taken, number=True)
        else:
            short = _label(name.partition(".")[0])
            free = _free(short if labels[short] == 1 else _label(name), taken, number=False)
        taken.add(free)
        found[name] = free
    return found


def _label(text: str) -> str:
    label = _OTHER.sub("-", text.lower()).strip("-")[:_LONGEST].strip("-")
    return label if label[:1].isalpha() else f"host-{label}"[:_LONGEST].strip("-")


def _free(label: str, taken: set[str], *, number: bool) -> str:
    if not number and label not in taken:
        return label
    joint = "" if number and not label[-1].isdigit() else "-"
    count = 1 if number else 2
    while True:
        end = f"{joint}{count}"
        name = label[: _LONGEST - len(end)] + end
        if name not in taken:
            return name
        count += 1


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
