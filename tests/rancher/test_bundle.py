"""``kplay bundle build --for``: from playbooks to a bundle, and from that to hosts.

Releases are small made-up ones, of a loopback server laid out as upstream's release pages are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit/bundle"))

from release_site import Site, serving

from kplay.bundle import load_lock, verify
from kplay.cli.main import main
from kplay.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

V1, V2 = "v1.36.3+k3s1", "v1.36.3+k3s2"
RKE2 = "v1.36.3+rke2r1"
SUMS = "sha256sum-amd64.txt"
PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
K3S = "[server]\ns1\ns2\ns3\n[agent]\na1\na2\n"
RKE2_HOSTS = "[rke2_servers]\nr1\nr2\nr3\n[rke2_agents]\na1\n"
KUBERNETES = "[control_plane]\ncp1\n[workers]\nw1\nw2\n"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as up:
        for version in (V1, V2):
            up.k3s(version, f"k3s {version}".encode(), "zst", "gz")
        images = {
            f"rke2-images-{one}.linux-amd64.tar.gz": one.encode() for one in ("core", "canal")
        }
        up.release("rke2", RKE2, {"rke2.linux-amd64.tar.gz": b"rke2", **images}, SUMS)
        yield up


@pytest.fixture(autouse=True)
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KPLAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def build(site: Site, at: Path, capsys: pytest.CaptureFixture[str]):
    """Run ``bundle build --for``; gives exit code, standard output and standard error."""

    def run(playbook: Path, inventory: str, *options: str, code: int = 0) -> tuple[str, str]:
        (at / "hosts").write_text(inventory)
        argv = ["bundle", "build", "--for", str(playbook), "-i", str(at / "hosts")]
        argv += ["--mirror", site.url, "-d", str(at / "site-a"), *options]
        found = main(argv)
        out, err = capsys.readouterr()
        assert found == code, err
        return out, err

    return run


def k3s(version: str = V1) -> tuple[str, ...]:
    return ("-e", "distribution_method=bundle", "-e", f"distribution_version={version}")


def listed(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(" ")]


def test_the_list_of_k3s_is_exact(build, site: Site, at: Path):
    out, _ = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), "--list")
    assert listed(out) == [f"k3s {V1}", f"k3s-images {V1}"]
    assert f"    from    {site.url}/k3s/v1.36.3%2Bk3s1/k3s\n" in out
    assert out.count("digest  not in the bundle yet") == 2
    assert "roles/distribution-install/tasks/bundle.yml:" in out
    assert "for 5 hosts" in out
    assert site.asked == []
    assert not (at / "site-a").exists()


def test_k3s_is_built_listed_with_its_digests_and_built_again(build, site: Site, at: Path):
    out, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s())
    assert out == f"{at}/site-a\n"
    assert f"k3s: fetching {site.url}/k3s/v1.36.3%2Bk3s1/k3s" in err
    lock = load_lock(at / "site-a")
    assert [one.path for one in lock.artifacts] == [
        f"k3s/{V1}/k3s",
        f"k3s/{V1}/k3s-airgap-images-amd64.tar.zst",
        f"k3s/{V1}/{SUMS}",
    ]
    assert main(["bundle", "verify", "-d", str(at / "site-a")]) == ExitCode.OK
    site.asked.clear()
    out, _ = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), "--list")
    assert f"    digest  sha256:{lock.artifacts[0].sha256}\n" in out
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s())
    assert err == f"k3s {V1}: already there\nk3s-images {V1}: already there\n"
    assert (site.asked, load_lock(at / "site-a")) == ([], lock)


def test_a_further_release_comes_beside_and_is_pruned(build, at: Path):
    build(PLAYBOOKS / "k3s.yml", K3S, *k3s(V1))
    build(PLAYBOOKS / "k3s.yml", K3S, *k3s(V2))
    assert {one.version for one in load_lock(at / "site-a").artifacts} == {V1, V2}
    build(PLAYBOOKS / "k3s.yml", K3S, *k3s(V2), "--prune")
    assert {one.version for one in load_lock(at / "site-a").artifacts} == {V2}
    assert not (at / f"site-a/k3s/{V1}/k3s").exists()
    assert verify(at / "site-a") == []


def test_k3s_without_a_version_says_what_to_set(build, site: Site):
    _, err = build(
        PLAYBOOKS / "k3s.yml", K3S, "-e", "distribution_method=bundle", code=ExitCode.BAD_INPUT
    )
    assert "only the run can tell the version" in err
    assert "bundle.yml:" in err
    assert "set it: `-e distribution_version=VERSION`" in err
    assert site.asked == []


@pytest.mark.parametrize("listed_only", [("--list",), ()])
def test_settings_that_the_playbook_refuses(build, site: Site, at: Path, listed_only):
    given = (*k3s(), "-e", "distribution_datastore=sqlite", *listed_only)
    out, err = build(PLAYBOOKS / "k3s.yml", K3S, *given, code=ExitCode.STEP_FAILED)
    assert "error[refused]: sqlite is for one server, and group server has 3" in err
    assert "distribution-facts/tasks/settings.yml:" in err
    assert (out, site.asked, (at / "site-a").exists()) == ("", [], False)


def test_playbooks_that_take_nothing(build):
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, code=ExitCode.BAD_INPUT)
    assert "these playbooks take nothing from a bundle, with these variables" in err


def test_a_limit_leaves_others_out(build):
    out, _ = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), "--list", "-l", "s1")
    assert "for s1" in out


@pytest.mark.parametrize("cni", ["", "canal", "calico", "cilium"])
def test_rke2_wants_the_images_of_its_network(build, cni: str):
    chosen = ("-e", f"distribution_cni={cni}") if cni else ()
    out, _ = build(PLAYBOOKS / "rke2.yml", RKE2_HOSTS, *k3s(RKE2), *chosen, "--list")
    archives = sorted(["rke2-images-core", f"rke2-images-{cni or 'canal'}"])
    assert listed(out) == [f"{name} {RKE2}" for name in ["rke2", *archives]]
    assert out.count("for 4 hosts") == 3


def test_rke2_is_built(build, at: Path):
    build(PLAYBOOKS / "rke2.yml", RKE2_HOSTS, *k3s(RKE2))
    assert [(one.name, one.path) for one in load_lock(at / "site-a").artifacts] == [
        ("rke2-images-canal", f"rke2/{RKE2}/rke2-images-canal.linux-amd64.tar.gz"),
        ("rke2-images-core", f"rke2/{RKE2}/rke2-images-core.linux-amd64.tar.gz"),
        ("rke2", f"rke2/{RKE2}/rke2.linux-amd64.tar.gz"),
        ("rke2-sums", f"rke2/{RKE2}/{SUMS}"),
    ]
    assert verify(at / "site-a") == []


RANCHER = ("-e", "rancher_hostname=rancher.example.test", "-e", "rancher_version=2.15.0")


def test_rancher_wants_helm_cert_manager_and_its_chart(build, site: Site):
    both = (*k3s(), *RANCHER)
    out, _ = build(PLAYBOOKS / "rancher.yml", K3S, *both, "--list")
    alone = ["cert-manager-chart", "cert-manager-images", "helm", "rancher-chart"]
    assert [line.partition(" ")[0] for line in listed(out)] == alone
    assert f"    from    {site.url}/rancher/index.yaml, chart rancher\n" in out
    out, _ = build(
        PLAYBOOKS / "rancher.yml", K3S, *both, "--list", "-e", "rancher_tls_source=secret"
    )
    assert [line.partition(" ")[0] for line in listed(out)] == ["helm", "rancher-chart"]


def test_several_playbooks_give_one_list(at: Path, capsys: pytest.CaptureFixture[str]):
    (at / "hosts").write_text(K3S)
    argv = ["bundle", "build", "--for", str(PLAYBOOKS / "k3s.yml"), str(PLAYBOOKS / "rancher.yml")]
    argv += ["-i", str(at / "hosts"), *k3s(), *RANCHER, "--list", "--format", "json"]
    assert main(argv) == ExitCode.OK
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == [
        "cert-manager-chart",
        "cert-manager-images",
        "helm",
        "k3s",
        "k3s-images",
        "rancher-chart",
    ]


def test_rancher_without_a_version_says_what_to_set(build):
    _, err = build(PLAYBOOKS / "rancher.yml", K3S, *RANCHER[:2], "--list", code=ExitCode.BAD_INPUT)
    assert "of `rancher-chart` there are many versions, and none is said" in err
    assert "set it: `-e rancher_version=VERSION`" in err


def test_kubeadm_wants_all_of_its_list(build):
    out, _ = build(PLAYBOOKS / "kubeadm.yml", KUBERNETES, "--list")
    names = listed(out)
    assert names[:2] == ["kube v1.36.3", "containerd v2.4.2"]
    assert {"conntrack", "kubernetes v1.36.3", "coredns v1.14.2", "etcdctl v3.6.8"} <= set(names)
    assert "k8s.io/kubernetes@v1.36.3" in out
    assert "read by its paths at" in out


OWN = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Begin
      copy: {content: begun, dest: "{{ there }}/begun"}
    - name: Bring RKE2
      bundle_artifact: {name: rke2, version: v1.36.3+rke2r1, dest: "{{ there }}/rke2.tar.gz"}
    - name: Bring its images
      bundle_artifact:
        name: rke2-images-{{ item }}
        version: v1.36.3+rke2r1
        dest: "{{ there }}/{{ item }}.tar.gz"
      loop: [core, canal]
"""
LOCAL = "h1 ansible_connection=local\n"


@pytest.fixture
def own(build, at: Path) -> Path:
    """A bundle of a playbook of one's own, and the folder that stands for its host."""
    (at / "own.yml").write_text(OWN)
    (at / "host").mkdir()
    build(at / "own.yml", LOCAL)
    return at / "host"


def apply(at: Path, bundle: Path) -> int:
    variables = json.dumps({"kplay_bundle": str(bundle), "there": str(at / "host")})
    return main(
        ["apply", "--yes", "-i", str(at / "hosts"), "-e", variables, str(at / "own.yml"),
         "--runs-directory", str(at / "runs")]
    )  # fmt: skip


def test_a_bundle_is_carried_and_installed_from(own: Path, at: Path, site: Site):
    carried = at / "disk/site-a"
    carried.parent.mkdir()
    (at / "site-a").rename(carried)
    site.files.clear()
    assert main(["bundle", "verify", "-d", str(carried)]) == ExitCode.OK
    assert apply(at, carried) == ExitCode.OK
    assert {one.name: one.read_text() for one in own.iterdir()} == {
        "begun": "begun",
        "rke2.tar.gz": "rke2",
        "core.tar.gz": "core",
        "canal.tar.gz": "canal",
    }


def test_a_bundle_that_was_tampered_with_is_refused_before_anything_changes(
    own: Path, at: Path, capsys: pytest.CaptureFixture[str]
):
    (at / f"site-a/rke2/{RKE2}/rke2-images-canal.linux-amd64.tar.gz").write_bytes(b"canaX")
    assert main(["bundle", "verify", "-d", str(at / "site-a")]) == ExitCode.BAD_INPUT
    capsys.readouterr()
    assert apply(at, at / "site-a") != ExitCode.OK
    out, err = capsys.readouterr()
    assert "has SHA-256" in out + err
    assert list(own.iterdir()) == []


def test_a_wrong_sum_and_a_missing_release_stop_the_build(build, site: Site, at: Path):
    site.files[f"k3s/{V1}/k3s"] = b"evil"
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), code=ExitCode.STEP_FAILED)
    assert "has SHA-256" in err
    assert "Traceback" not in err
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s("v1.99.0+k3s1"), code=ExitCode.STEP_FAILED)
    assert "v1.99.0%2Bk3s1/sha256sum-amd64.txt cannot be fetched: HTTP Error 404" in err
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s("1.36"), code=ExitCode.STEP_FAILED)
    assert "error[refused]: `1.36` is no release of K3s: distribution_version is written as" in err
    assert not (at / "site-a/bundle.lock.json").exists()


def test_a_cut_download_is_taken_up(build, site: Site, at: Path):
    site.cut[f"k3s/{V1}/k3s"] = 5
    _, err = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), code=ExitCode.STEP_FAILED)
    assert "was cut off after 5 of" in err
    build(PLAYBOOKS / "k3s.yml", K3S, *k3s())
    assert f"k3s/{V1}/k3s bytes=5-" in site.asked
    assert verify(at / "site-a") == []


def test_the_list_for_programs(build):
    out, _ = build(PLAYBOOKS / "k3s.yml", K3S, *k3s(), "--list", "--format", "json")
    first, second = json.loads(out)
    assert (first["name"], first["version"], first["digest"]) == ("k3s", V1, "")
    assert first["source"].endswith("/k3s/v1.36.3%2Bk3s1/k3s")
    assert second["name"] == "k3s-images"
    assert "tasks/bundle.yml:" in second["wanted"]


def test_an_artifact_beside_what_playbooks_take(
    site: Site, at: Path, capsys: pytest.CaptureFixture[str]
):
    files = {"rancher-images.txt": b"rancher/rancher:v2.15.0\n"}
    site.release("rancher-release", "v2.15.0", files, "sha256sum.txt")
    asked = ["bundle", "build", "--with", "rancher-images=2.15.0", "--with", f"k3s={V1}"]
    asked += ["--mirror", site.url, "-d", str(at / "b")]
    assert main([*asked, "--list"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert f"    from    {site.url}/rancher-release/v2.15.0/rancher-images.txt\n" in out
    assert out.endswith("    wanted  --with\n")
    assert main(asked) == ExitCode.OK
    paths = [one.path for one in load_lock(at / "b").artifacts]
    assert paths[2:] == ["rancher/2.15.0/rancher-images.txt", "rancher/2.15.0/sha256sum.txt"]
    assert main(["bundle", "build", "--with", "k3s", "-d", str(at / "b")]) == ExitCode.BAD_INPUT
    assert "say it: `--with k3s=VERSION`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [["--list"], ["--prune"], ["-e", "a=1"], ["--mirror", "x"], ["--with", "helm", "-l", "x"]],
)
def test_options_that_say_nothing_without_playbooks(
    option: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["bundle", "build", *option]) == ExitCode.USAGE
    assert "is of a build `--for PLAYBOOK`" in capsys.readouterr().err
