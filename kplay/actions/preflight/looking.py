"""The controller halves of preflight_facts and preflight_reach: what each host is asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kplay.actions.api import Call, Context, fault
from kplay.actions.preflight.survey import ports, roles_of
from kplay.resolve.unknown import causes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def facts(context: Context) -> list[Call]:
    """What to look at on a host, from the settings and the host's roles."""
    settings = context.args.get("settings")
    if settings is None:
        return [Call("preflight_facts", dict(context.args))]
    if causes_in(settings):
        return [Call("preflight_facts", {"settings": settings})]
    mapping(context, settings, "settings")
    roles = roles_of(settings, context.scope["groups"], context.host)
    own = [str(one) for one in settings.get("own_units") or ()]
    address = str(settings.get("registration_address") or "")
    here = [row for row in ports(settings) if set(roles) & set(row["to"])]
    args = {
        "address": str(settings.get("address") or context.host),
        "roles": roles,
        "ports": [
            {"port": row["port"], "protocol": row["protocol"]}
            for row in here
            if row.get("free", True) and row["protocol"] != "icmp"
        ],
        "units": sorted({*own, *(settings.get("units") or ())}),
        "own": own,
        "paths": sorted(
            {path for one in (settings.get("distributions") or {}).values() for path in one}
        ),
        "programs": list(settings.get("programs") or ()),
        "names": [address] if address else [],
        "disks": sorted(settings.get("disk_mb") or {}),
        "kernel_modules": list(settings.get("kernel_modules") or ()),
        "sysctls": dict(settings.get("sysctls") or {}),
    }
    timed = _timed()

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        result = timed(result, planning)
        if isinstance(result.get("preflight"), dict):
            result["brief"] = brief(settings, result["preflight"])
        return result

    return [Call("preflight_facts", args, finish=finish)]


def brief(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the other hosts need to know of a host; each of them gets it of all."""
    own = set(settings.get("own_units") or ())
    return {
        "address": facts["address"],
        "roles": facts["roles"],
        "resolved": facts["resolved"],
        "bare": not own & set(facts["units"]),
        "taken": [f"{one['port']}/{one['protocol']}" for one in facts["taken"]],
    }


def reach(context: Context) -> list[Call]:
    """Which ports of which hosts a host tries, and on which it listens meanwhile."""
    settings, hosts = context.args.get("settings"), context.args.get("hosts")
    if settings is None:
        return [Call("preflight_reach", dict(context.args))]
    if causes_in([settings, hosts]):
        return [Call("preflight_reach", {"settings": [settings, hosts]})]
    found = {
        name: one
        for name, one in mapping(context, hosts, "hosts").items()
        if isinstance(one, dict) and "roles" in one
    }
    rows = targets(settings, found, context.host)
    args = {
        "targets": [{key: row[key] for key in _SENT if key in row} for row in rows],
        "listen": listeners(settings, found, context.host),
        "name": context.host,
        "patience": float(settings.get("patience") or 2.5),
        "timeout": float(settings.get("timeout") or 2.5),
    }
    timed = _timed()

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        result = timed(result, planning)
        done = result.get("reach")
        if not isinstance(done, dict):
            return result
        kept = ("to", "address", "port", "protocol", "for", "registration", "deaf")
        done["attempts"] = [
            {**{key: row[key] for key in kept if key in row}, **attempt}
            for row, attempt in zip(rows, done["attempts"], strict=False)
        ]
        return result

    return [Call("preflight_reach", args, finish=finish)]


_SENT = ("address", "port", "protocol", "listens", "hears", "asks", "deaf")


def targets(
    settings: Mapping[str, Any], hosts: Mapping[str, dict[str, Any]], host: str
) -> list[dict[str, Any]]:
    """The ports that a host tries: each of a host that its roles need, and the registration's."""
    if host not in hosts:
        return []
    roles, found = set(hosts[host]["roles"]), []
    for row in ports(settings):
        if row.get("local") or not roles & set(row.get("from") or ()):
            continue
        for name, other in hosts.items():
            if name == host or not set(other["roles"]) & set(row["to"]):
                continue
            one = {
                "to": name, "address": other["address"], "port": row["port"],
                "protocol": row["protocol"], "for": row.get("for") or "",
            }  # fmt: skip
            if may_listen(settings, other, row):
                one["listens"] = True
            elif row["protocol"] == "udp" and taken(other, row):
                one["deaf"] = True
            found.append(one)
    name = str(settings.get("registration_address") or "")
    # where it does not resolve, that is the finding
    for address in hosts[host]["resolved"].get(name, ())[:1]:
        for port in settings.get("registration_ports") or ():
            what = {"to": "", "address": address, "port": int(port), "protocol": "tcp"}
            row = {**what, "for": "registration", "asks": True, "registration": name}
            # only a host on which nothing is installed yet says its name
            if any(one["bare"] for one in hosts.values()):
                row["hears"] = True
            found.append(row)
    return found


def listeners(
    settings: Mapping[str, Any], hosts: Mapping[str, dict[str, Any]], host: str
) -> list[dict[str, Any]]:
    """The ports that a host listens on during the check, with the hosts that will come."""
    if host not in hosts:
        return []
    found: dict[tuple[str, int], set[str]] = {}
    for row in ports(settings):
        if row.get("local") or not set(hosts[host]["roles"]) & set(row["to"]):
            continue
        if not may_listen(settings, hosts[host], row):
            continue
        peers = {
            name
            for name, other in hosts.items()
            if name != host and set(other["roles"]) & set(row.get("from") or ())
        }
        if peers:
            found.setdefault((row["protocol"], row["port"]), set()).update(peers)
    return [
        {"protocol": protocol, "port": port, "expected": sorted(peers)}
        for (protocol, port), peers in sorted(found.items())
    ]


def may_listen(
    settings: Mapping[str, Any], facts: Mapping[str, Any], row: Mapping[str, Any]
) -> bool:
    """Whether a host listens on a port meanwhile: nothing has it, and nothing of ours would.

    ``facts`` is a host's ``brief``.
    """
    if not settings.get("listen") or row["protocol"] == "icmp" or not row.get("free", True):
        return False
    return bool(facts["bare"]) and not taken(facts, row)


def taken(facts: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether something has a port of a host."""
    return f"{row['port']}/{row['protocol']}" in facts["taken"]


def mapping(context: Context, value: Any, name: str) -> dict[str, Any]:
    """An argument that is a mapping.

    Raises:
        InputError: it is not.
    """
    if not isinstance(value, dict):
        raise fault(context, "bad-value", f"`{name}` is a mapping", name)
    return value


def _timed() -> Callable[[dict[str, Any], bool], dict[str, Any]]:
    """Adds between which seconds the host's clock is ahead, the way there and back allowed for.

    The host noted when it began and when it ended. It began after it was asked, and had ended
    before its answer came.
    """
    asked = time.time()

    def finish(result: dict[str, Any], planning: bool) -> dict[str, Any]:
        del planning
        answered = time.time()
        found = result.get("preflight") or result.get("reach")
        if isinstance(found, dict) and isinstance(found.get("began"), float):
            result["clock"] = [found["ended"] - answered, found["began"] - asked]
        return result

    return finish
