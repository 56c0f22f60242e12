"""Ports: open between the hosts, and free on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplay.actions.preflight.finding import ERROR, WARNING, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey

PROBLEMS = {
    "silent": "no answer",
    "prohibited": "prohibited by a firewall",
    "unreachable": "no route to it",
    "unresolved": "its name does not resolve",
    "failed": "could not be tried",
}
"""Outcomes that are faults, and how they are said."""

REJECTED = "refused although it was listened on"
_MOST = 12


def _told(survey: Survey, host: str, row: dict[str, Any]) -> str:
    """Why packets did not arrive, or nothing where they did or it cannot be told."""
    outcome = str(row["outcome"])
    if outcome == "refused":
        return REJECTED if _listened_meanwhile(survey, host, row) else ""
    if outcome == "silent" and row["protocol"] == "udp":
        # silence is what a datagram gets that arrived at something that does not answer it
        return PROBLEMS[outcome] if _listened_meanwhile(survey, host, row) else ""
    by = row.get("by") or ""
    away = f" ({by})" if by and by != row["address"] else ""
    return PROBLEMS.get(outcome, "") + away if outcome in PROBLEMS else ""


def _listened_meanwhile(survey: Survey, host: str, row: dict[str, Any]) -> bool:
    """Whether the other host surely listened when one of the attempts was made."""
    window = survey.windows.get(row["to"])
    if window is None or [row["protocol"], row["port"]] not in window["listened"]:
        return False
    (low, high), (other_low, other_high) = (
        survey.clocks.get(one, (-1.0, 1.0)) for one in (host, row["to"])
    )
    # by the controller's clock: from the latest it may have begun to the earliest it may have ended
    began, ended = window["began"] - other_low, window["ended"] - other_high
    times = row.get("times") or [row["at"]]
    return any(began <= one - high and one - low <= ended for one in times)


def blocked(survey: Survey) -> Iterator[Found]:
    """Packets that surely did not arrive, by the host that they were sent to."""
    for host, rows in survey.reach.items():
        reasons: dict[str, dict[str, list[str]]] = {}
        silent: dict[str, set[bool]] = {}
        for row in rows:
            if row.get("registration"):
                continue
            why = _told(survey, host, row)
            arrived = row["outcome"] in ("answered", "refused") and not why
            silent.setdefault(row["to"], set()).add(arrived)
            if why:
                said = f"{row['port']}/{row['protocol']}" if row["port"] else row["protocol"]
                label = f"{said} ({row['for']})" if row["for"] else said
                reasons.setdefault(row["to"], {}).setdefault(why, []).append(label)
        for other, whys in reasons.items():
            address = survey.hosts[other]["address"] if other in survey.hosts else ""
            for why, labels in whys.items():
                if silent[other] == {False} and len(whys) == 1 and len(labels) > 1:
                    yield Found(host, f"{other} ({address}) is not reached on any port: {why}")
                    continue
                more = f" and {len(labels) - _MOST} more" if len(labels) > _MOST else ""
                listed = ", ".join(labels[:_MOST]) + more
                yield Found(host, f"{other} ({address}) is not reached on {listed}: {why}")


def undecided(survey: Survey) -> Iterator[Found]:
    """Silence that may be a firewall, or a service that does not answer strangers."""
    for host, rows in survey.reach.items():
        doubts: dict[str, list[str]] = {}
        for row in rows:
            silent = row["outcome"] == "silent" and row["protocol"] == "udp"
            if silent and not row.get("deaf") and not _told(survey, host, row):
                doubts.setdefault(row["to"], []).append(f"{row['port']}/udp ({row['for']})")
        for other, labels in doubts.items():
            yield Found(host, f"whether {other} is reached on {', '.join(labels)} cannot be told")


def taken(survey: Survey) -> Iterator[Found]:
    """Ports that something else has."""
    for host, facts in survey.hosts.items():
        for one in facts["taken"]:
            if not one["own"]:
                pid = f" (process {one['pid']})" if one["pid"] else ""
                yield Found(
                    host, f"port {one['port']}/{one['protocol']} is taken by {one['by']}{pid}"
                )


RULES = (
    Rule("port-blocked", ERROR, blocked,
         "open these ports between the hosts, on both and on what lies between"),
    Rule("port-undecided", WARNING, undecided,
         "see to it that these ports are open; with preflight_listen it can be told"),
    Rule("port-taken", ERROR, taken, "stop what has it, or move that to another port"),
)  # fmt: skip
