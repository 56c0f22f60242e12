"""A lab as a lab file: what is written here reads back as the same lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from kplay.lab.model import OSES

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.lab.model import Lab, LabHost, LabNetwork


def as_data(lab: Lab) -> dict[str, Any]:
    """The mapping of a lab file; what has its default or is empty is left out."""
    data: dict[str, Any] = {
        "name": lab.name,
        "provider": lab.provider,
        "os": lab.os if lab.os != OSES[0] else None,
        "packages": list(lab.packages),
        "internet": lab.internet,
        "networks": {one.name: _network(one) for one in lab.networks},
        "vagrant": _full({"provider": lab.vagrant.provider, "box": lab.vagrant.box}),
        "hosts": {host.name: _host(host) for host in lab.hosts},
        "groups": {
            group.name: _full({"children": list(group.children), "vars": dict(group.vars)})
            for group in lab.groups
        },
    }
    return _full(data)


def save(lab: Lab, path: Path) -> None:
    """Write a lab file, replacing what is there in one step."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(yaml.safe_dump(as_data(lab), sort_keys=False), encoding="utf-8")
    draft.replace(path)


def _network(network: LabNetwork) -> dict[str, str]:
    return {"cidr": str(network.cidr)} if network.cidr else {}


def _host(host: LabHost) -> dict[str, Any]:
    written = _full(
        {
            "groups": list(host.groups),
            "memory": host.memory,
            "cpus": host.cpus,
            "disks": list(host.disks),
            "os": host.os,
            "box": host.box,
            "address": str(host.address) if host.address else None,
            "vars": dict(host.vars),
        }
    )
    if host.networks is not None:
        written["networks"] = list(host.networks)
    return written


def _full(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in (None, [], {})}
