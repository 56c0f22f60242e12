"""A cluster that stands: settings by which it would begin anew are refused."""

from __future__ import annotations

from base64 import b64encode

import pytest
import yaml

from kplay.testing import FakeHost

ROLES = pytest.mark.parametrize("name", ["k3s", "rke2"])
PLANNING = pytest.mark.parametrize("planning", [True, False])
GROUPS = {
    "k3s": {"server": ["s1"], "agent": ["a1"]},
    "rke2": {"rke2_servers": ["s1"], "rke2_agents": ["a1"]},
}
GROUPS_OF = {
    "k3s": {"server": "server", "agent": "agent"},
    "rke2": {"server": "rke2_servers", "agent": "rke2_agents"},
}
WANTS = "/etc/systemd/system/multi-user.target.wants/{}.service"
VERSIONS = {"k3s": "v1.36.3+k3s1", "rke2": "v1.36.3+rke2r1"}
FACTS = {"Keep to the release", "Know what stands here", "Know what the others have",
         "Know which servers there are",
         "Know which tokens are others than those of the cluster"}  # fmt: skip
TOKEN = "K10" + "ab" * 32 + "::server:old\n"
SERVER = {"server/token": TOKEN, "server/db/state.db": "SQLite"}
AGENT = {"agent/kubelet.kubeconfig": "x"}


def host(name: str, data: dict[str, str], *, at: str = "", **files: str) -> FakeHost:
    """A host with data in a directory, and files of its configuration by what they hold."""
    directory = at or f"/var/lib/rancher/{name}"
    there = {f"{directory}/{path}": text for path, text in data.items()}
    names = {"config": "config.yaml", "secret": "config.yaml.d/20-secret.yaml"}
    there |= {f"/etc/rancher/{name}/{names[key]}": text for key, text in files.items()}
    links = {f"/usr/local/bin/{name}": f"/usr/local/lib/{name}/{VERSIONS[name]}/{name}"}
    return FakeHost(files=there, links=links)


def said(player, name, s1, a1=None, *, planning=False, groups=None, **variables) -> str:
    """What was refused, and nothing was changed by then."""
    fake = {"s1": s1, "a1": a1 or FakeHost()}
    played = player.role("distribution-facts", groups or GROUPS[name], fake, planning=planning,
                         distribution=name, distribution_version=VERSIONS[name],
                         distribution_method="bundle", **variables)  # fmt: skip
    assert {task for _, task in played.order()} <= FACTS
    assert not any(run.argv for one in fake.values() for run in one.runs)
    return next(filter(None, map(played.failure, fake)), "")


MOVED = {"distribution_data_directory": "/srv/data"}


@ROLES
@PLANNING
def test_data_is_not_left_behind(player, name, planning):
    plain = host(name, SERVER, config="node-name: s1\n")
    failure = said(player, name, plain, planning=planning, **MOVED)
    assert "distribution_data_directory is /srv/data, and s1 has the data" in failure
    assert f"in /var/lib/rancher/{name}: " in failure
    assert f"move /var/lib/rancher/{name} to /srv/data, and run this again" in failure


@ROLES
@pytest.mark.parametrize("line", ["data-dir: /old/data", 'data-dir: "/old/data/"  # large'])
def test_a_setting_that_is_taken_away_leaves_no_data_behind(player, name, line):
    there = host(name, SERVER, at="/old/data", config=f"node-name: s1\n{line}\n")
    failure = said(player, name, there)
    assert f"directory is /var/lib/rancher/{name}, and s1 has the data of its" in failure
    assert "Set distribution_data_directory to /old/data; or" in failure
    assert said(player, name, there, distribution_data_directory="/old/data") == ""


def test_the_data_of_an_agent_is_not_left_behind(player):
    there = host("k3s", SERVER, at="/srv/data", config="data-dir: /srv/data\n")
    failure = said(player, "k3s", there, host("k3s", AGENT), **MOVED)
    assert "a1 has the data of its cluster in /var/lib/rancher/k3s" in failure
    assert "stop k3s-agent and its pods on a1" in failure


@pytest.mark.parametrize(
    "there",
    [
        FakeHost(),
        # The images of a bundle lie there before anything has started
        host("k3s", {"agent/images/k3s-images.tar": "x"}, config="node-name: s1\n"),
        # It was moved, and the configuration is behind
        host("k3s", SERVER, at="/srv/data", config="node-name: s1\n"),
        host("k3s", SERVER, at="/srv/data", config="data-dir: /srv/data\n"),
    ],
)
def test_a_directory_without_data_of_a_cluster_is_free(player, there):
    assert said(player, "k3s", there, **MOVED) == ""


def test_a_link_to_the_data_may_be_spelled_out(player):
    there = host("k3s", SERVER, at="/srv/data", config="node-name: s1\n")
    there.add_link("/var/lib/rancher/k3s", "/srv/data")
    assert said(player, "k3s", there, **MOVED) == ""


URL = "postgres://k3s:s3cret@db.example:5432/k3s?sslmode=require"


def endpoint(url: str) -> str:
    """What kplay writes of it."""
    return yaml.safe_dump({"datastore-endpoint": url})


def refused(player, name, there, wanted, *, planning=False) -> str:
    """What a server with a datastore outside or SQLite says; no password is in any event."""
    fake = {"s1": there, "a1": FakeHost()}
    played = player.role("distribution-facts", GROUPS[name], fake, planning=planning,
                         distribution=name, distribution_version=VERSIONS[name],
                         distribution_method="bundle", distribution_datastore=wanted)  # fmt: skip
    assert {task for _, task in played.order()} <= FACTS
    for secret in ("s3cret", "0ther"):
        assert secret not in repr(played.events)
        for start in range(3):
            coded = b64encode(b" " * start + secret.encode()).decode()
            inner = slice(-(-start * 8 // 6), (start + len(secret)) * 8 // 6)
            assert coded[inner] not in repr(played.events)
    return played.failure("s1")


@ROLES
@PLANNING
@pytest.mark.parametrize(
    ("wanted", "kind"), [(URL, "a database"), ("https://e1:2379,https://e2:2379", "an etcd")]
)
def test_the_state_in_sqlite_is_not_left_behind(player, name, planning, wanted, kind):
    failure = refused(player, name, host(name, SERVER), wanted, planning=planning)
    assert f"distribution_datastore names {kind} outside, and s1 keeps its state in" in failure
    assert f"SQLite (/var/lib/rancher/{name}/server/db/state.db): " in failure
    assert ("or set it to etcd" in failure) == (name == "k3s")


@pytest.mark.parametrize("wanted", ["", "sqlite", "etcd"])
def test_state_in_sqlite_stays_or_is_taken_along(player, wanted):
    assert refused(player, "k3s", host("k3s", SERVER), wanted) == ""


OUTSIDE = {"server/token": TOKEN}


@ROLES
@PLANNING
@pytest.mark.parametrize(
    ("stands", "wanted"),
    [
        (URL, URL.replace("db.example", "0ther.example")),
        (URL, URL.replace("/k3s?", "/0ther?")),
        (URL, "mysql://k3s:s3cret@tcp(db.example:3306)/k3s"),
        (URL, "https://e1:2379"),
        ("mysql://u:s3cret@tcp(db:3306)/k", "mysql://u:s3cret@tcp(db2:3306)/k"),
        ("postgres://h1,h2/k", "postgres://h1,h2/l"),
        ("https://e1:2379,https://e2:2379", "https://f1:2379,https://f2:2379"),
    ],
)
def test_another_datastore_outside_is_refused(player, name, planning, stands, wanted):
    there = host(name, OUTSIDE, secret=endpoint(stands))
    failure = refused(player, name, there, wanted, planning=planning)
    assert "names another datastore outside, and s1 keeps its state in the one that" in failure
    assert f"into /etc/rancher/{name}/config.yaml.d/20-secret.yaml on each" in failure


@ROLES
@pytest.mark.parametrize("file", ["config", "secret"])
@pytest.mark.parametrize("wanted", ["", "etcd"])
def test_a_datastore_outside_is_not_forgotten(player, name, file, wanted):
    there = host(name, OUTSIDE, **{file: f"a: b\ndatastore-endpoint: '{URL}'\n"})
    failure = refused(player, name, there, wanted)
    assert f"distribution_datastore is {wanted or 'empty'}, and s1 keeps" in failure
    assert failure.endswith("Set distribution_datastore to the URL that it has")


@pytest.mark.parametrize(
    ("stands", "wanted"),
    [
        (URL, URL),
        (URL, URL.replace("s3cret", "0ther")),
        (URL, URL.partition("?")[0]),
        (URL, URL.replace("postgres:", "postgresql:")),
        ("mysql://u:s3cret@tcp(db:3306)/k", "mysql://v:0ther@tcp(db:3306)/k"),
        ("http://e1:2379", "https://e1:2379/,https://e2:2379/"),
        ("postgres://" + "k" * 120 + ":s3cret@db/k", "postgres://k:0ther@db/k"),
    ],
)
def test_the_same_datastore_may_be_reached_otherwise(player, stands, wanted):
    assert refused(player, "k3s", host("k3s", OUTSIDE, secret=endpoint(stands)), wanted) == ""


def test_a_server_without_data_takes_any_datastore(player):
    there = host("k3s", {}, secret=endpoint(URL))
    assert refused(player, "k3s", there, URL.replace("db.example", "db2")) == ""


@ROLES
@PLANNING
@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("mariadb://u:s3cret@tcp(db)/k", "mariadb://…"),
        ("sqlserver://u:s3cret@db", "sqlserver://…"),
        ("u:s3cret@tcp(db:3306)/k", "…"),
        ("x-postgres://u:s3cret@db", "x-postgres://…"),
    ],
)
def test_datastores_that_nobody_knows_are_refused(player, name, planning, wanted, shown):
    failure = refused(player, name, FakeHost(), wanted, planning=planning)
    assert f"distribution_datastore is `{shown}`, and" in failure
    assert "postgres://, mysql:// (MariaDB, too), or https://" in failure


@ROLES
@PLANNING
@pytest.mark.parametrize("other", ["agent", "server"])
def test_a_host_does_not_change_its_kind(player, name, planning, other):
    unit = {"k3sagent": "k3s-agent", "k3sserver": "k3s"}.get(name + other, f"rke2-{other}")
    servers, agents = GROUPS[name]
    groups = {servers: ["s1"], agents: ["a1"]}
    kind, data = "an agent", SERVER
    if other == "agent":
        groups = {servers: ["s1", "a1"], agents: []}
        kind, data = "a server", AGENT
    there = host(name, data)
    there.add_link(WANTS.format(unit), f"/etc/systemd/system/{unit}.service")
    s1 = host(name, {"server/token": TOKEN, "server/db/etcd/member/x": ""})
    failure = said(player, name, s1, there, planning=planning, groups=groups)
    was = "an agent" if other == "agent" else "a server"
    assert f"a1 is {was} of the cluster (unit {unit} is enabled), and by the inv" in failure
    assert f"it is {kind}: take it away first, `kplay apply … {name}-uninstall.yml" in failure
    assert f"--limit a1`, or put it back into group `{GROUPS_OF[name][other]}`" in failure


@ROLES
def test_a_host_of_the_same_kind_is_finished(player, name):
    units = {"k3s": ("k3s", "k3s-agent"), "rke2": ("rke2-server", "rke2-agent")}[name]
    both = [FakeHost(), FakeHost()]
    for one, unit in zip(both, units, strict=True):
        one.add_file(f"/etc/systemd/system/{unit}.service", "[Service]\n")
        one.add_link(WANTS.format(unit), f"/etc/systemd/system/{unit}.service")
    assert said(player, name, *both) == ""


def test_a_unit_that_never_started_holds_nobody(player):
    there = FakeHost(files={"/etc/systemd/system/k3s-agent.service": "[Service]\n"})
    assert said(player, "k3s", there) == ""
