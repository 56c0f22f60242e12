"""Which release, which first server, and what is refused before anything changes."""

from __future__ import annotations

import pytest

from kplay.testing import FakeHost

ONE = {"server": ["s1"], "agent": ["a1"]}
HA = {"server": ["s1", "s2", "s3"], "agent": ["a1"]}
TOKEN = "/var/lib/rancher/k3s/server/token"
MEMBER = "/var/lib/rancher/k3s/server/db/etcd/member/x"


def host(release: str = "", *files: str) -> FakeHost:
    links = {"/usr/local/bin/k3s": f"/usr/local/lib/k3s/{release}/k3s"} if release else {}
    return FakeHost(links=links, files=dict.fromkeys(files, "x"))


def facts(player, groups, fake, **variables):
    given = {"distribution": "k3s", "distribution_version": "v1.36.3+k3s1"}
    given["distribution_method"] = "bundle"
    return player.role("distribution-facts", groups, fake, **{**given, **variables})


def refusal(player, groups, fake, **variables):
    """What was refused, on whichever host a task of the whole play ran."""
    played = facts(player, groups, fake, **variables)
    return next(filter(None, map(played.failure, fake)), "")


def bare(groups=ONE):
    return {name: host() for names in groups.values() for name in names}


@pytest.mark.parametrize(
    ("runs", "wanted", "said"),
    [
        ("v1.36.3+k3s1", "v1.36.3+k3s1", ""),
        ("v1.36.3+k3s1", "v1.36.3+k3s2", ""),
        ("v1.36.3+k3s9", "v1.36.3+k3s10", ""),
        ("v1.35.9+k3s1", "v1.36.3+k3s1", ""),
        ("v1.36.3-rc1+k3s1", "v1.36.3+k3s1", ""),
        ("v1.36.3+k3s2", "v1.36.3+k3s1", "a cluster does not go back"),
        ("v1.36.3+k3s1", "v1.36.2+k3s5", "a cluster does not go back"),
        ("v1.34.9+k3s1", "v1.36.3+k3s1", "servers go up one by one, next to v1.35"),
    ],
)  # fmt: skip
def test_releases_of_a_server(player, runs, wanted, said):
    fake = {"s1": host(runs, TOKEN), "a1": host(runs)}
    played = facts(player, ONE, fake, distribution_version=wanted)
    assert said in played.failure("s1")
    assert (played.failure("s1") == "") == (said == "")


def test_an_agent_may_leave_minors_out(player):
    fake = {"s1": host("v1.36.2+k3s1", TOKEN), "a1": host("v1.34.9+k3s1")}
    assert facts(player, ONE, fake).failure("a1") == ""


def test_a_version_is_written_as_its_release_is_called(player):
    said = refusal(player, ONE, bare(), distribution_version="1.36.3")
    assert said == (
        "`1.36.3` is no release of K3s: distribution_version is written as v1.36.3+k3s1"
    )


def test_a_program_that_is_no_link_is_asked_for_its_release(player):
    there = FakeHost(files={"/usr/local/bin/k3s": "ELF"})
    there.when("/usr/local/bin/k3s --version", stdout="k3s version v1.37.0+k3s1 (abc)\n")
    played = facts(player, ONE, {"s1": there, "a1": host()})
    assert "s1 runs v1.37.0+k3s1" in played.failure("s1")


@pytest.mark.parametrize(
    ("groups", "variables", "said"),
    [
        (ONE, {}, ""),
        (HA, {}, ""),
        (HA, {"datastore": "postgres://u:p@db/k3s"}, ""),
        (HA, {"datastore": "sqlite"}, "sqlite is for one server, and group server has 3"),
        (ONE, {"datastore": "mariadb"}, "distribution_datastore is `mariadb`, and K3s keeps"),
        (ONE, {"method": "rpm"}, "distribution_method is rpm, and K3s comes by bundle or online"),
        (ONE, {"config": {"token": "x"}}, "would stand in plans and logs"),
        (ONE, {"config": {"cluster-init": True}}, "is written by kplay: see"),
        (HA, {"host_config": {"service-cidr": "10.9.0.0/16"}}, "must be the same on all servers"),
        (HA, {"host_config": {"node-label": ["a=b"]}}, ""),
        (ONE, {"disable": ["traefik"], "tls_san": ["k.example"], "proxy": {"http": "x"}}, ""),
        (ONE, {"disable": "traefik"}, "distribution_disable is no list: on the command line"),
        (ONE, {"tls_san": {"a": 1}}, "distribution_tls_san is no list:"),
        (ONE, {"drain_arguments": 5}, "distribution_drain_arguments is no list:"),
        (ONE, {"config": ["x"]}, "distribution_config is no mapping:"),
        (ONE, {"proxy": "http://p", "disable": ""}, "is no list, distribution_proxy is no mapping"),
        (ONE, {"server_config": "x"}, """-e '{"distribution_server_config": {"KEY": "VALUE"}}'"""),
        (ONE, {"tls_san": "x"}, """-e '{"distribution_tls_san": ["ONE", "ANOTHER"]}'"""),
        (ONE, {"agents_at_once": 0}, "distribution_agents_at_once is 0, and at least one agent"),
        (ONE, {"agents_at_once": "0%"}, "distribution_agents_at_once is 0%, and at least one"),
        (ONE, {"agents_at_once": 2.5}, "distribution_agents_at_once is 2.5, and at least one"),
        (ONE, {"agents_at_once": 3}, ""),
        (ONE, {"agents_at_once": [1, "25%"]}, ""),
    ],
)
def test_settings(player, groups, variables, said):
    given = {f"distribution_{name}": value for name, value in variables.items()}
    failure = refusal(player, groups, bare(groups), **given)
    assert said in failure
    assert (failure == "") == (said == "")


def test_the_password_of_a_database_is_not_told(player):
    groups = {"server": ["s1"], "agent": []}
    fake = {"s1": host("", MEMBER)}
    said = facts(player, groups, fake, distribution_datastore="postgres://u:secret@db/k").failure(
        "s1"
    )
    assert "keeps its state in etcd" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("with_data", "first"),
    [((), "s1"), (("s1", "s2"), "s1"), (("s2", "s3"), "s2"), (("s3",), "s3")],
)
def test_the_first_server_is_one_that_has_the_cluster(player, with_data, first):
    fake = {name: host("", *([TOKEN] if name in with_data else [])) for name in ("s1", "s2", "s3")}
    fake["a1"] = host()
    given = {"distribution": "k3s", "distribution_version": "v1.36.3+k3s1"}
    role = {"import_role": {"name": "distribution-facts"}}
    says = {"command": {"argv": ["first", "{{ distribution_first_server }}"]}}
    for one in fake.values():
        one.when("first")
    played = player.run(
        [{"hosts": "all", "gather_facts": False, "tasks": [role, says]}],
        HA, fake, distribution_method="bundle", **given,
    )  # fmt: skip
    for name, one in fake.items():
        assert played.failure(name) == ""
        assert one.runs[-1].argv == ("first", first)
