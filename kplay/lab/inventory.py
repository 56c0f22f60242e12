"""The inventory that a lab ends with: Ansible's YAML format and Ansible's own variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kplay.lab.model import Lab


CONTAINERS = "lab_containers"
"""The group of hosts that share the controller's kernel, and with it its limits."""


def inventory(
    lab: Lab,
    *,
    host_vars: Mapping[str, Mapping[str, Any]],
    shared: Mapping[str, Any],
    containers: bool,
) -> dict[str, Any]:
    """The inventory as data: ``{"all": {"vars": …, "hosts": …, "children": …}}``.

    Args:
        lab: what was brought up.
        host_vars: per host name, what the provider found: ``ansible_host``, ``lab_address`` and
            ``lab_addresses`` at least; the lab file's own host variables win over it.
        shared: variables of all hosts, such as ``connection`` gives; those that the lab file gives
            the group ``all`` win over it.
        containers: whether the hosts share the controller's kernel.
    """
    everywhere = {**shared, "lab_name": lab.name, "lab_provider": lab.provider}
    everywhere.update(next((group.vars for group in lab.groups if group.name == "all"), {}))
    hosts = {host.name: {**host_vars[host.name], **host.vars} for host in lab.hosts}
    groups = _groups(lab)
    if containers:
        whole = groups.get(CONTAINERS) or {}
        groups[CONTAINERS] = {"hosts": dict.fromkeys(hosts), **whole}
    return {"all": {"vars": everywhere, "hosts": hosts, "children": groups}}


def connection(user: str, *, key_file: Path, known_hosts: Path) -> dict[str, Any]:
    """The variables by which hosts are reached.

    Args:
        user: whom to log in as.
        key_file: the private key that every host accepts.
        known_hosts: the file with the pinned host keys.
    """
    return {
        "ansible_user": user,
        "ansible_ssh_private_key_file": str(key_file),
        "ansible_ssh_common_args": (
            f"-o UserKnownHostsFile={known_hosts} -o GlobalKnownHostsFile=/dev/null"
            " -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
        ),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def _groups(lab: Lab) -> dict[str, Any]:
    """Every group that the file declares or a host or group names, in that order."""
    declared = {group.name: group for group in lab.groups}
    names = dict.fromkeys(
        [
            *declared,
            *(name for host in lab.hosts for name in host.groups),
            *(name for group in lab.groups for name in group.children),
        ]
    )
    rendered: dict[str, Any] = {}
    for name in names:
        body: dict[str, Any] = {}
        members = [host.name for host in lab.hosts if name in host.groups]
        if members:
            body["hosts"] = dict.fromkeys(members)
        group = declared.get(name)
        if group is not None and group.children:
            body["children"] = dict.fromkeys(group.children)
        if group is not None and group.vars:
            body["vars"] = dict(group.vars)
        rendered[name] = body or None
    rendered.pop("all", None)
    return rendered
