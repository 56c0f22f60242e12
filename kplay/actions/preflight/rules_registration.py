"""The registration address: what it resolves to, and who answers there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from kplay.actions.preflight.finding import CLUSTER, ERROR, WARNING, Found, Rule
from kplay.actions.preflight.rules_ports import PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey


def _resolved(survey: Survey) -> dict[str, list[str]]:
    address = survey.value("registration_address")
    if not address:
        return {}
    return {host: facts["resolved"].get(address) or [] for host, facts in survey.hosts.items()}


def unresolved(survey: Survey) -> Iterator[Found]:
    """Every host joins, or is reached, by it."""
    address = survey.value("registration_address")
    for host, found in _resolved(survey).items():
        if not found:
            yield Found(host, f"registration address {address} does not resolve")


def differs(survey: Survey) -> Iterator[Found]:
    """A split DNS, or a stale line in /etc/hosts."""
    address = survey.value("registration_address")
    found = {host: tuple(sorted(one)) for host, one in _resolved(survey).items() if one}
    if len(set(found.values())) > 1:
        said = "; ".join(f"{host} to {', '.join(one)}" for host, one in found.items())
        yield Found(CLUSTER, f"registration address {address} resolves differently: {said}")


def loopback(survey: Survey) -> Iterator[Found]:
    """Debian writes a host's own name to /etc/hosts as 127.0.1.1."""
    address = survey.value("registration_address")
    for host, found in _resolved(survey).items():
        local = [one for one in found if _is_loopback(one)]
        if local:
            yield Found(host, f"registration address {address} resolves to {', '.join(local)}")


def wrong_host(survey: Survey) -> Iterator[Found]:
    """It leads to a host that is no server, by its addresses or by who answered."""
    address = survey.value("registration_address")
    servers = survey.with_role(survey.server_role)
    owners = {
        one: host
        for host, facts in survey.hosts.items()
        for one in (facts["address"], *facts["addresses"])
    }
    wrong: dict[str, str] = {}
    for host, found in _resolved(survey).items():
        for one in found:
            owner = owners.get(one)
            if owner is not None and owner not in servers:
                wrong[host] = owner
    for host, rows in survey.reach.items():
        for row in rows:
            said = row.get("said")
            if row.get("registration") and said in survey.hosts and said not in servers:
                wrong[host] = str(said)
    for host, owner in wrong.items():
        text = f"registration address {address} leads to {owner}, which is no server"
        yield Found(host, text)


def no_way(survey: Survey) -> Iterator[Found]:
    """A refused connection has arrived: before the first server runs, nothing listens there."""
    for host, rows in survey.reach.items():
        for row in rows:
            if row.get("registration") and row["outcome"] in PROBLEMS:
                where = f"{row['registration']}:{row['port']}"
                yield Found(host, f"registration address {where}: {_why(row)}")


def foreign_name(survey: Survey) -> Iterator[Found]:
    """What answers by TLS is not known by that name, so that joining hosts will refuse it."""
    for host, rows in survey.reach.items():
        for row in rows:
            names = row.get("certificate")
            if row.get("registration") and names and row["registration"] not in names:
                text = f"{row['registration']}:{row['port']} answers with a certificate for"
                yield Found(host, f"{text} {', '.join(names)}")


def _why(row: dict[str, Any]) -> str:
    by = f" by {row['by']}" if row.get("by") else ""
    return PROBLEMS[row["outcome"]] + by


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


RULES = (
    Rule("registration-unresolved", ERROR, unresolved,
         "add it to DNS, or to /etc/hosts of every host"),
    Rule("registration-differs", WARNING, differs,
         "let it mean the same on every host, unless that is meant"),
    Rule("registration-loopback", ERROR, loopback,
         "take the name out of the line of 127.0.1.1 in /etc/hosts"),
    Rule("registration-wrong-host", ERROR, wrong_host,
         "point it at the servers, or at a load balancer before them"),
    Rule("registration-blocked", ERROR, no_way,
         "open the port of the load balancer or of the server to every host"),
    Rule("registration-certificate", WARNING, foreign_name,
         "add the address to tls-san (kubeadm: certSANs), or point it at this cluster"),
)  # fmt: skip
