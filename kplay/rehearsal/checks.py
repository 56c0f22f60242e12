"""What is looked at before a lab is made: a fault in a playbook should not wait for hosts."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kplay import pipeline
from kplay.lab.inventory import connection, inventory
from kplay.rehearsal import own_hosts

if TYPE_CHECKING:
    from kplay.execute.options import RunOptions
    from kplay.execute.prepare import Prepared
    from kplay.lab import Lab
    from kplay.rehearsal.model import Asked

_NOWHERE = "192.0.2.1"
TAG = "verify"
"""Tasks with this tag verify what a playbook made."""


def load(asked: Asked, options: RunOptions) -> int:
    """Load every playbook as if the lab were up; return how many tasks there are.

    Raises:
        InputError: a fault in a playbook, its roles or its variables.
    """
    with tempfile.TemporaryDirectory(prefix="kplay-lab-test-") as folder:
        draft = Path(folder) / "inventory.yml"
        draft.write_text(_draft(asked.lab), encoding="utf-8")
        return holds_to_lab(asked, replace(options, inventory=(str(draft),)), draft)


def holds_to_lab(asked: Asked, options: RunOptions, path: Path) -> int:
    """Load every playbook and see that the lab's hosts are those of its inventory alone.

    Args:
        asked: what is tested.
        options: with the lab's inventory.
        path: of that inventory.

    Raises:
        InputError: a fault, or a variable that leads a host of the lab elsewhere.
    """
    names = [host.name for host in asked.lab.hosts]
    prepared = pipeline.prepare(options)
    own_hosts.check(prepared, names, path)
    if asked.verify:
        own_hosts.check(pipeline.prepare(_verify(asked, options)), names, path)
    return prepared.tasks


def verifying(asked: Asked, options: RunOptions) -> RunOptions | None:
    """How to verify: the playbooks given for it, else the tagged tasks; None without either."""
    if asked.verify:
        return _verify(asked, options)
    tagged = replace(options, tags=(TAG,))
    return tagged if _tagged(pipeline.prepare(tagged)) else None


def _tagged(prepared: Prepared) -> bool:
    return any(
        TAG in one.tags and one.selected and not one.handler
        for one in prepared.graph.vertices()
        if one.kind in ("task", "include")
    )


def _verify(asked: Asked, options: RunOptions) -> RunOptions:
    return replace(options, playbooks=asked.verify, tags=(), skip_tags=())


def _draft(lab: Lab) -> str:
    """The lab's inventory before it has addresses: those of RFC 5737 stand for them."""
    found = {
        host.name: {
            "ansible_host": _NOWHERE,
            "lab_address": _NOWHERE,
            "lab_addresses": {one.name: _NOWHERE for one in lab.networks_of(host)},
        }
        for host in lab.hosts
    }
    shared = connection("nobody", key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))
    containers = lab.provider == "nspawn"
    data = inventory(lab, host_vars=found, shared=shared, containers=containers)
    return yaml.safe_dump(data, sort_keys=False)
