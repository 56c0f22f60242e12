"""Charts: packed from a module, or fetched from a chart repository."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kplay.bundle import assemble, build, making
from kplay.bundle.charts import pack_chart
from kplay.bundle.components import Chart, Components, load_list
from kplay.bundle.mirrors import Mirrors
from kplay.bundle.model import BundleError, Lock
from kplay.bundle.orders import Want, orders_of, resolve
from kplay.source import Span

if TYPE_CHECKING:
    from release_site import Site

CHART = Chart("acme-chart", "v1.2.3", "example.test/acme", "h1:x=", "deploy/acme", ["tests"])
ABOUT = "apiVersion: v2\nname: acme\nversion: v0.0.0\nappVersion: v0.0.0\nkubeVersion: '>= 1.22'\n"


def module(path: Path, about: str = ABOUT) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in {
            "deploy/acme/Chart.yaml": about,
            "deploy/acme/templates/all.yaml": "kind: ConfigMap\n",
            "deploy/acme/tests/one.yaml": "suite: x\n",
            "deploy/acme-other/Chart.yaml": "name: other\n",
            "main.go": "package main\n",
        }.items():
            packed.writestr(f"example.test/acme@v1.2.3/{name}", text)
    return path


def test_a_chart_is_packed_under_its_modules_version(tmp_path: Path) -> None:
    archive = module(tmp_path / "m.zip")
    pack_chart(CHART, archive, tmp_path / "1.tgz")
    pack_chart(CHART, archive, tmp_path / "deep/2.tgz")
    assert (tmp_path / "1.tgz").read_bytes() == (tmp_path / "deep/2.tgz").read_bytes()
    with tarfile.open(tmp_path / "1.tgz") as packed:
        assert packed.getnames() == ["acme/Chart.yaml", "acme/templates/all.yaml"]
        about = yaml.safe_load(packed.extractfile("acme/Chart.yaml"))
    assert about == {
        "apiVersion": "v2",
        "name": "acme",
        "version": "v1.2.3",
        "appVersion": "v1.2.3",
        "kubeVersion": ">= 1.22",
    }


def test_a_folder_that_is_no_chart(tmp_path: Path) -> None:
    archive = module(tmp_path / "m.zip", "kind: none\n")
    with pytest.raises(BundleError, match="has no chart in deploy/acme"):
        pack_chart(CHART, archive, tmp_path / "1.tgz")


LIST = """
charts:
  - {name: acme-chart, version: v1.2.3, module: example.test/acme, sum: "h1:x=",
     directory: deploy/acme}
releases:
  - name: acme
    url: https://charts.test/stable
    index: index.yaml
    version: v?\\d+\\.\\d+\\.\\d+
    example: 2.1.0
    artifacts: [{name: acme-server-chart, kind: chart, files: [acme]}]
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Components:
    monkeypatch.setattr(assemble, "default_directory", lambda: tmp_path / "default")
    monkeypatch.setattr(making, "provide", lambda *_: Path("/nowhere"))
    archive = module(tmp_path / "m.zip")
    monkeypatch.setattr(making, "download_module", lambda *_: archive)
    path = tmp_path / "rancher.yml"
    path.write_text(LIST)
    return load_list(path)


def make(directory: Path, listed: Components, url: str, *wants: tuple[str, str]) -> Lock:
    span = Span("site.yml", 1, 1, 1, 1)
    items = resolve([Want(*one, "bring", span, ("w1",)) for one in wants], [listed])
    orders = orders_of(items, [listed], by_path=False)
    return build(directory, progress=print, orders=orders, mirrors=Mirrors({"": url}))


def index(site: Site, version: str, data: bytes, link: str, digest: str | None = None) -> None:
    found = digest if digest is not None else hashlib.sha256(data).hexdigest()
    entries = {"acme": [{"version": version, "urls": [link], "digest": found}]}
    site.files["acme/index.yaml"] = yaml.safe_dump({"entries": entries}).encode()
    site.files["acme/releases/acme-2.1.0.tgz"] = data


@pytest.mark.parametrize(
    "link", ["releases/acme-2.1.0.tgz", "https://charts.test/stable/releases/acme-2.1.0.tgz"]
)
@pytest.mark.parametrize("version", ["2.1.0", "v2.1.0"])
def test_a_chart_of_a_repository_by_its_index(
    site: Site, listed: Components, tmp_path: Path, link: str, version: str
) -> None:
    index(site, "2.1.0", b"chart", link)
    lock = make(tmp_path / "b", listed, site.url, ("acme-server-chart", version))
    (one,) = lock.artifacts
    assert (one.path, one.kind) == (f"rancher/{version}/acme-2.1.0.tgz", "chart")
    assert site.asked == ["acme/index.yaml", "acme/releases/acme-2.1.0.tgz"]


def test_an_index_that_says_no_digest_or_another(
    site: Site, listed: Components, tmp_path: Path
) -> None:
    index(site, "2.1.0", b"chart", "releases/acme-2.1.0.tgz", "")
    with pytest.raises(BundleError, match=r"has no SHA-256 of chart acme 2\.1\.0"):
        make(tmp_path / "b", listed, site.url, ("acme-server-chart", "2.1.0"))
    index(site, "2.1.0", b"chart", "releases/acme-2.1.0.tgz")
    make(tmp_path / "b", listed, site.url, ("acme-server-chart", "2.1.0"))
    (tmp_path / "b/rancher/2.1.0/acme-2.1.0.tgz").unlink()
    index(site, "2.1.0", b"other", "releases/acme-2.1.0.tgz")
    with pytest.raises(BundleError, match="a release does not change"):
        make(tmp_path / "b", listed, site.url, ("acme-server-chart", "2.1.0"))


def test_a_chart_of_a_module_alone(site: Site, listed: Components, tmp_path: Path) -> None:
    lock = make(tmp_path / "b", listed, site.url, ("acme-chart", ""))
    (one,) = lock.artifacts
    assert (one.name, one.path) == ("acme-chart", "rancher/charts/acme-chart-v1.2.3.tgz")
    assert (one.version, one.source) == ("v1.2.3", "example.test/acme@v1.2.3")
    again = make(tmp_path / "b", listed, site.url, ("acme-chart", "1.2.3"))
    assert (again, site.asked) == (lock, [])
