from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kplay.cli.main import main
from kplay.errors import ExitCode
from kplay.lab import load_lab
from kplay.lab.host_names import lab_names
from kplay.lab.load import load_string
from kplay.lab.representatives import leads, representatives

if TYPE_CHECKING:
    from pathlib import Path

KUBESPRAY = """\
[all:vars]
ansible_user=deploy
ansible_ssh_private_key_file=/secret/key

[kube_control_plane]
node1 ansible_host=95.54.0.12 ip=10.3.0.1 etcd_member_name=etcd1
node2 ansible_host=95.54.0.13 ip=10.3.0.2 etcd_member_name=etcd2
node3 ansible_host=95.54.0.14 ip=10.3.0.3 etcd_member_name=etcd3

[etcd:children]
kube_control_plane

[kube_node]
node[4:40]

[calico_rr]

[k8s-cluster:children]
kube_control_plane
kube_node
calico_rr
"""
SEALED = "$ANSIBLE_VAULT;1.1;AES256\n3132\n"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KPLAY_INVENTORY", raising=False)
    folder = tmp_path / "inventories/prod"
    (folder / "group_vars/kube_node").mkdir(parents=True)
    (folder / "inventory.ini").write_text(KUBESPRAY)
    (folder / "group_vars/all.yml").write_text("api_token: s3cret\npeer: 10.3.0.1\n")
    (folder / "group_vars/kube_node/vault.yml").write_text(SEALED)
    (folder / "group_vars/etcd.yml").write_text(
        f"key: !vault |\n  {SEALED.replace(chr(10), chr(10) + '  ')}\n"
    )
    return tmp_path


def test_a_lab_has_the_shape_of_its_inventory(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "init", "--from", "inventories/prod"]) == ExitCode.OK
    assert capsys.readouterr().err == (
        "prod-lab.yml: 40 hosts, 44032 MiB in all; next: kplay lab up prod-lab.yml\n"
    )
    text = (there / "prod-lab.yml").read_text()
    lab = load_lab(there / "prod-lab.yml")
    assert (lab.name, lab.provider) == ("prod-lab", "nspawn")
    assert [host.name for host in lab.hosts] == [f"node{number}" for number in range(1, 41)]
    assert lab.hosts[0].groups == ("kube_control_plane",)
    assert {group.name: group.children for group in lab.groups} == {
        "etcd": ("kube_control_plane",),
        "calico_rr": (),
        "k8s-cluster": ("kube_control_plane", "kube_node", "calico_rr"),
    }
    assert "# A lab with the shape of inventories/prod:\n# its groups, and all 40 hosts." in text
    for secret in ("ansible_", "s3cret", "10.3.0.1", "95.54", "VAULT", "/secret"):
        assert secret not in text
    assert not any(one.vars for one in (*lab.hosts, *lab.groups))


def test_a_small_lab_keeps_some_of_each_group(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["lab", "init", "--from", "inventories/prod", "--size", "small", "-o", "-"]
    assert main([*argv, "--provider", "vagrant"]) == ExitCode.OK
    text = capsys.readouterr().out
    lab = load_string(text, "x.yml")
    assert [host.name for host in lab.hosts] == ["node1", "node2", "node3", "node4"]
    assert "and 4 of the 40 hosts" in text
    assert (lab.provider, str(lab.networks[0].cidr)) == ("vagrant", "192.168.56.0/24")


def test_names_that_no_lab_host_can_have_are_said_and_written_down(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "site.yml").write_text(
        "all:\n  children:\n    control_plane: {hosts: {CP1.example.com: }}\n"
        "    workers: {hosts: {w1.a.example.com: , w1.b.example.com: , w2_x: , 10.1.1.9: }}\n"
        "  hosts: {localhost: , me: {ansible_connection: local},"
        " win: {ansible_connection: winrm}}\n"
    )
    assert main(["lab", "init", "--from", "site.yml"]) == ExitCode.OK
    assert capsys.readouterr().err.splitlines()[:4] == [
        "localhost: left out, it is the controller",
        "me: left out, it is the controller",
        "win: left out, it is reached by `winrm`",
        (
            "5 hosts have other names in the lab, such as cp1 for CP1.example.com:"
            " the comments in the file say which"
        ),
    ]
    text = (there / "site-lab.yml").read_text()
    assert "  cp1: {groups: [control_plane], memory: 2048, cpus: 2}  # CP1.example.com\n" in text
    lab = load_lab(there / "site-lab.yml")
    names = ["cp1", "w1-a-example-com", "w1-b-example-com", "w2-x", "workers1"]
    assert [host.name for host in lab.hosts] == names
    # As containers they need what kplay's own Kubernetes playbooks must know.
    [containers] = [one for one in lab.groups if one.name == "lab_containers"]
    assert containers.vars["kubernetes_cgroup_driver"] == "cgroupfs"


def test_a_ready_made_lab_as_ones_own(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "init", "single", "--provider", "vagrant", "-o", "my.yml"]) == ExitCode.OK
    assert (there / "my.yml").read_text().startswith("# From the ready-made lab `single`.\n")
    lab = load_lab(there / "my.yml")
    assert (lab.name, lab.provider) == ("single", "vagrant")
    capsys.readouterr()
    assert main(["lab", "init", "single", "-o", "my.yml"]) == ExitCode.USAGE
    assert "`my.yml` is there already" in capsys.readouterr().err
    assert load_lab(there / "my.yml").provider == "vagrant"
    assert main(["lab", "init", "single", "-o", "my.yml", "--force"]) == ExitCode.OK
    assert load_lab(there / "my.yml").provider == "nspawn"


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ([], ExitCode.USAGE, "name an inventory with --from, or a ready-made lab: 1+2, "),
        (["singel"], ExitCode.USAGE, "did you mean `single`?"),
        (["single", "--from", "x,"], ExitCode.USAGE, "not allowed with argument"),
        (["single", "--size", "small"], ExitCode.USAGE, "--size is for --from"),
        (["--from", "nowhere.yml"], ExitCode.BAD_INPUT, "no inventory at `nowhere.yml`"),
        (["--from", "sealed.yml"], ExitCode.BAD_INPUT, "sealed.yml:1:1"),
        (["--from", "localhost,"], ExitCode.BAD_INPUT, "localhost: it is the controller"),
        (["--from", "h[1:300],"], ExitCode.BAD_INPUT, "has room for 244 hosts, and there are 300"),
        (["--from", "a,", "-o", "no/such/file"], ExitCode.USAGE, "cannot write `no/such/file`"),
    ],
)
def test_what_makes_no_lab_is_refused(
    there: Path, argv: list[str], code: ExitCode, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "sealed.yml").write_text(SEALED)
    assert main(["lab", "init", *argv]) == code
    assert message in capsys.readouterr().err
    assert sorted(one.name for one in there.iterdir()) == ["inventories", "sealed.yml"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("prod.ini", "prod-lab"),
        ("Site_7/hosts.yml", "site-7-lab"),
        ("7.ini", "mirror-lab"),
        ("a,", "mirror-lab"),
    ],
)
def test_a_lab_is_named_after_its_inventory(there: Path, source: str, name: str) -> None:
    path = there / source
    path.parent.mkdir(exist_ok=True)
    if "," not in source:
        path.write_text("a:\n  hosts: {a: }\n" if path.suffix == ".yml" else "a\n")
    assert main(["lab", "init", "--from", source]) == ExitCode.OK
    assert load_lab(there / f"{name}.yml").name == name


def test_words_that_yaml_reads_otherwise_are_quoted(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "odd.ini").write_text("[on]\nno\ny\n[yes]\n[null:children]\non\n")
    assert main(["lab", "init", "--from", "odd.ini", "-o", "-"]) == ExitCode.OK
    lab = load_string(capsys.readouterr().out, "odd.yml")
    assert [(host.name, host.groups) for host in lab.hosts] == [("no", ("on",)), ("y", ("on",))]
    assert [group.name for group in lab.groups] == ["yes", "null"]


def test_representatives_are_odd_where_they_vote() -> None:
    hosts = [f"h{number}" for number in range(1, 10)]
    groups = {"masters": hosts[:5], "racks": hosts[3:], "gpu": hosts[8:], "empty": []}
    assert representatives(hosts, groups) == ["h1", "h2", "h3", "h4", "h5", "h9"]
    assert representatives(hosts, {"master": hosts[:2]}) == ["h1", "h3"]
    assert representatives(hosts, {}) == ["h1"]
    assert representatives([], {}) == []


def test_which_groups_vote() -> None:
    for name in ("kube_control_plane", "kube-master", "masters", "etcd", "server", "rke2_servers"):
        assert leads(name)
    for name in ("workers", "kube_node", "web_servers", "agents", "scope", "mastermind"):
        assert not leads(name)


def test_names_stay_apart_and_fit() -> None:
    long = "x" * 40
    hosts = ["a.b", "a", f"{long}.c", f"{long}.d", "01.e", "_.f", "10.0.0.1", "fe80::1", "10.0.0.2"]
    names = lab_names({host: ["etcd", "k8s"] if "0." in host else [] for host in hosts})
    assert list(names) == hosts
    assert names["a"] == "a"
    assert names["a.b"] == "a-b"
    assert len(set(names.values())) == len(hosts)
    assert max(map(len, names.values())) == 32
    assert (names["01.e"], names["_.f"]) == ("host-01", "host")
    assert (names["10.0.0.1"], names["10.0.0.2"]) == ("k8s1", "k8s2")
    assert names["fe80::1"] == "host1"


def test_a_lab_file_and_an_inventory_are_not_taken_for_each_other(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "lab.yml").write_text("name: x\nprovider: nspawn\nhosts: {a: }\n")
    (there / "hosts.yml").write_text("all: {hosts: {a: }}\n")
    assert main(["inventory", "-i", "lab.yml"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert "error[lab-file]: this is a lab file, which says what hosts to make" in said
    assert said.count("error[") == 1
    assert main(["lab", "status", "hosts.yml"]) == ExitCode.BAD_INPUT
    assert "`kplay lab init --from FILE` makes a lab file" in capsys.readouterr().err
