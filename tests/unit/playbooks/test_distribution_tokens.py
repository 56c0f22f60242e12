"""Tokens of a cluster that stands: another one is refused, and one that was rotated reaches all."""

from __future__ import annotations

from base64 import b64encode

import pytest

from kplay.testing import FakeHost

HA = {"server": ["s1", "s2"], "agent": ["a1"]}
DATA = "/var/lib/rancher/{}/server"
FULL = "K10" + "ab" * 32 + "::{}:{}\n"
FACTS = ("Know what stands here", "Know what the others have", "Know which servers there are",
         "Know which tokens are others than those of the cluster")  # fmt: skip
NEW = {"distribution_token": "n3w", "distribution_token_stands": True}
OWN = "/etc/rancher/k3s/token"


def cluster(name: str = "k3s", *, token: str = "old", agents: str = "") -> dict[str, FakeHost]:
    """Two servers with data and an agent; agents share the token where they have none."""
    data = DATA.format(name)
    files = {f"{data}/token": FULL.format("server", token)}
    if agents:
        files[f"{data}/agent-token"] = FULL.format("node", agents)
    links = {} if agents else {f"{data}/agent-token": f"{data}/token"}
    link = {f"/usr/local/bin/{name}": f"/usr/local/lib/{name}/v1.36.3+{name}1/{name}"}
    servers = {one: FakeHost(files=files, links={**links, **link}) for one in ("s1", "s2")}
    return {**servers, "a1": FakeHost()}


def facts(player, fake, *, planning=False, name="k3s", **variables):
    given = {"distribution": name, "distribution_version": "v1.36.3+k3s1", **variables}
    groups = HA
    if name == "rke2":
        given["distribution_version"] = "v1.36.3+rke2r1"
        groups = {"rke2_servers": HA["server"], "rke2_agents": HA["agent"]}
    return player.role("distribution-facts", groups, fake, planning=planning,
                       distribution_method="bundle", **given)  # fmt: skip


def said(played) -> str:
    return next(filter(None, map(played.failure, ("s1", "s2", "a1"))), "")


@pytest.mark.parametrize("planning", [True, False])
@pytest.mark.parametrize(
    ("agents", "variables"),
    [
        ("", {}),
        ("", {"distribution_token": "old"}),
        ("", {"distribution_token": "old\n"}),
        ("", {"distribution_token": FULL.format("server", "old")}),
        ("", {"distribution_token": "old", "distribution_agent_token": "old"}),
        ("own", {"distribution_agent_token": "own"}),
        ("own", {"distribution_agent_token": FULL.format("node", "own")}),
        ("5", {"distribution_agent_token": 5}),
    ],
)
def test_the_tokens_of_the_cluster_are_taken(player, planning, agents, variables):
    played = facts(player, cluster(agents=agents), planning=planning, **variables)
    assert said(played) == ""


@pytest.mark.parametrize("planning", [True, False])
@pytest.mark.parametrize(
    ("cluster_of", "variables", "names"),
    [
        (("k3s", ""), {"distribution_token": "n3w"}, "distribution_token is not the token of"),
        (("rke2", ""), {"distribution_token": "n3w"}, "`rke2 token rotate` on s1, with the old"),
        (("k3s", "own"), {"distribution_agent_token": "n3w"}, "is not the token that agents join"),
        (("k3s", ""), {"distribution_agent_token": "n3w"}, "or leave it empty"),
        (("k3s", "own"), {}, "is empty, and agents have one of their own that they join"),
        (("rke2", "own"), {}, "/var/lib/rancher/rke2/server/agent-token. RKE2 has no command"),
    ],
)
def test_other_tokens_are_refused_and_never_told(player, planning, cluster_of, variables, names):
    name, agents = cluster_of
    fake = cluster(name, agents=agents)
    played = facts(player, fake, planning=planning, name=name, **variables)
    assert names in said(played)
    assert "s1" in said(played)
    seen = repr(played.events) + repr([one.runs for one in fake.values()])
    for secret in (b"old", b"own", b"n3w"):
        assert f":{secret.decode()}" not in seen
        assert f"'{secret.decode()}" not in seen
        assert b64encode(FULL.format("server", secret.decode()).encode()).decode()[-8:] not in seen
    assert not any(run.argv for one in fake.values() for run in one.runs)
    assert {task for _, task in played.order()} <= {"Keep to the release", *FACTS}


def test_hosts_without_a_cluster_take_any_token(player):
    fake = {name: FakeHost() for names in HA.values() for name in names}
    assert said(facts(player, fake, distribution_token="n3w", distribution_agent_token="x")) == ""


def rotated(player, own: str | None, **variables):
    """A server that has data, and what it starts with in a file."""
    host = FakeHost(files={} if own is None else {OWN: own}, now=1_700_000_000.0)
    given = {"distribution": "k3s", "distribution_has_server": True, **variables}
    played = player.role("distribution-server/token", {"server": ["s1"], "agent": []}, {"s1": host},
                         **given)  # fmt: skip
    assert played.failure("s1") == ""
    return played, host


def test_a_server_gets_the_token_that_was_rotated(player):
    for own in ("old\n", FULL.format("server", "old")):
        played, host = rotated(player, own, **NEW)
        assert host.text(OWN) == "n3w\n"
        assert played.changed("s1") == ["Give this server the token that the cluster has by now"]


@pytest.mark.parametrize(
    ("own", "variables"),
    [
        ("n3w\n", NEW),
        (FULL.format("server", "n3w"), NEW),
        # It drew its token, and starts with the one in its data
        (None, NEW),
        ("old\n", {**NEW, "distribution_token_stands": False}),
        ("old\n", {}),
        ("old\n", {**NEW, "distribution_has_server": False}),
    ],
)
def test_a_server_keeps_the_token_that_it_starts_with(player, own, variables):
    played, host = rotated(player, own, **variables)
    assert played.changed("s1") == []
    assert host.runs == []
    assert (host.text(OWN) if own is not None else None) == own
