"""Versions: what goes with what, what can be upgraded to what, and how old that knowledge is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from kplay.actions.preflight.finding import CLUSTER, ERROR, WARNING, Found, Rule
from kplay.actions.preflight.survey import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey


def even_etcd(survey: Survey) -> Iterator[Found]:
    """Of an even number, no more may be lost than of one less."""
    servers = survey.with_role(survey.server_role)
    if "etcd" in (survey.settings.get("features") or ()) and servers and len(servers) % 2 == 0:
        lost = (len(servers) - 1) // 2
        yield Found(CLUSTER, f"{len(servers)} servers with etcd, of which {lost} may be lost")


def downgrade(survey: Survey) -> Iterator[Found]:
    """Kubernetes does not go back a minor version, and etcd's data does not either."""
    wanted = version(survey.value("version"))
    for host, text, there in _installed(survey):
        if wanted is not None and there[:2] > wanted[:2]:
            yield Found(host, f"{text} is installed, which is newer than {survey.value('version')}")


def skipped_minor(survey: Survey) -> Iterator[Found]:
    """Servers are upgraded one minor version at a time."""
    wanted = version(survey.value("version"))
    for host, text, there in _installed(survey):
        if wanted is None or there[0] != wanted[0] or wanted[1] - there[1] <= 1:
            continue
        steps = ", ".join(f"v1.{minor}" for minor in range(there[1] + 1, wanted[1] + 1))
        yield Found(
            host, f"{text} is installed; to {survey.value('version')} it is by way of {steps}"
        )


def ahead_of_servers(survey: Survey) -> Iterator[Found]:
    """A kubelet must not be newer than the API server."""
    servers = set(survey.with_role(survey.server_role))
    installed = list(_installed(survey))
    oldest = min((there for host, _, there in installed if host in servers), default=None)
    for host, text, there in installed:
        if oldest is not None and host not in servers and there[:2] > oldest[:2]:
            yield Found(host, f"{text} is newer than a server's {oldest[0]}.{oldest[1]}")


def _installed(survey: Survey) -> Iterator[tuple[str, str, tuple[int, int, int]]]:
    program = {"k3s": "k3s", "rke2": "rke2", "kubeadm": "kubelet"}.get(survey.profile, "")
    for host, facts in survey.hosts.items():
        text = str(facts["versions"].get(program) or "")
        there = version(text)
        if there is not None:
            yield host, text, there


def _rancher(survey: Survey) -> tuple[dict[str, Any], tuple[int, int, int] | None]:
    """The row of the matrix for the Rancher that is wanted, and the cluster's version."""
    matrix = (survey.settings.get("matrix") or {}).get("rancher") or {}
    wanted = version(survey.value("rancher_version"))
    row = matrix.get(f"{wanted[0]}.{wanted[1]}") if wanted else None
    running = version(survey.value("version"))
    if running is None:
        running = min((there for _, _, there in _any_installed(survey)), default=None)
    return row or {}, running


def _any_installed(survey: Survey) -> Iterator[tuple[str, str, tuple[int, int, int]]]:
    for host, facts in survey.hosts.items():
        for text in facts["versions"].values():
            there = version(text)
            if there is not None:
                yield host, text, there


def rancher_newer(survey: Survey) -> Iterator[Found]:
    """Rancher's chart refuses a Kubernetes that is newer than it knows."""
    row, running = _rancher(survey)
    newest = version(row.get("newest"))
    if newest and running and running[:2] > newest[:2]:
        yield Found(CLUSTER, _mismatch(survey, row, running))


def rancher_older(survey: Survey) -> Iterator[Found]:
    """It installs on an older one, and is not supported there."""
    row, running = _rancher(survey)
    oldest = version(row.get("oldest"))
    if oldest and running and running[:2] < oldest[:2]:
        yield Found(CLUSTER, _mismatch(survey, row, running))


def _mismatch(survey: Survey, row: dict[str, Any], running: tuple[int, int, int]) -> str:
    return (
        f"Rancher {survey.value('rancher_version')} goes with Kubernetes {row['oldest']} to"
        f" {row['newest']}, and this is {running[0]}.{running[1]}"
        f" (as of {(survey.settings.get('matrix') or {}).get('date')})"
    )


def unknown_version(survey: Survey) -> Iterator[Found]:
    """What the matrix has no row for can be neither affirmed nor denied."""
    matrix = survey.settings.get("matrix") or {}
    wanted = survey.value("rancher_version")
    number = version(wanted)
    if wanted and (
        number is None or f"{number[0]}.{number[1]}" not in (matrix.get("rancher") or {})
    ):
        yield Found(CLUSTER, f"the version matrix of {matrix.get('date')} has no Rancher {wanted}")
    kubernetes = version(survey.value("version"))
    newest = version((matrix.get("kubernetes") or {}).get("newest"))
    if kubernetes and newest and kubernetes[:2] > newest[:2]:
        text = f"the version matrix of {matrix.get('date')} ends with Kubernetes"
        yield Found(CLUSTER, f"{text} {newest[0]}.{newest[1]}")


def stale_matrix(survey: Survey) -> Iterator[Found]:
    """Tables of versions are true for some months."""
    matrix = survey.settings.get("matrix") or {}
    until = matrix.get("stale_after")
    if isinstance(until, str):
        try:
            until = dt.date.fromisoformat(until)
        except ValueError:
            return
    if isinstance(until, dt.date) and survey.today is not None and survey.today > until:
        text = f"the version matrix is of {matrix.get('date')}, and was good until {until}"
        yield Found(CLUSTER, f"{text} ({matrix.get('source')})")


RULES = (
    Rule("etcd-even", WARNING, even_etcd, "take one server less, or one more"),
    Rule("version-downgrade", ERROR, downgrade, "restore a snapshot on hosts of the older version"),
    Rule("version-skips-minor", ERROR, skipped_minor, "upgrade by each minor version in turn"),
    Rule("version-ahead", ERROR, ahead_of_servers, "upgrade servers first"),
    Rule("rancher-kubernetes", ERROR, rancher_newer,
         "take a newer Rancher, or an older Kubernetes"),
    Rule("rancher-kubernetes-old", WARNING, rancher_older, "upgrade Kubernetes first"),
    Rule("version-unknown", WARNING, unknown_version,
         "look it up in the makers' support matrix, and add it to preflight_matrix"),
    Rule("matrix-stale", WARNING, stale_matrix,
         "take a newer kplay, or set preflight_matrix from the makers' support matrix"),
)  # fmt: skip
