"""The double's charts as a repository over HTTP, and its image in a bundle."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kplay.bundle.assemble import build
from kplay.bundle.components import load_list, load_lists
from kplay.bundle.mirrors import Mirrors
from kplay.bundle.orders import Order, Want, orders_of, resolve
from kplay.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

VERSIONS = {"2.14.3": "< 1.36.0-0", "2.15.0": "< 1.37.0-0", "2.15.1": "< 1.37.0-0"}
"""Versions of the double's chart, with what each says of Kubernetes as Rancher's of that minor."""


def write(folder: Path) -> None:
    """Write charts of all versions and the index of a repository."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for version, accepted in VERSIONS.items():
        content = pack(version, accepted)
        name = f"rancher-{version}.tgz"
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        entries.append({"name": "rancher", "version": version, "urls": [name], "digest": digest})
    index = {"apiVersion": "v1", "entries": {"rancher": entries}}
    (folder / "index.yaml").write_text(yaml.safe_dump(index), encoding="utf-8")


def pack(version: str, accepted: str) -> bytes:
    """Give the double's chart as Helm packs one; the image is the same in all versions."""
    about = yaml.safe_load((HERE / "chart/Chart.yaml").read_text(encoding="utf-8"))
    values = yaml.safe_load((HERE / "chart/values.yaml").read_text(encoding="utf-8"))
    values["rancherImageTag"] = about["appVersion"]
    about |= {"version": version, "appVersion": f"v{version}", "kubeVersion": accepted}
    made = {"Chart.yaml": yaml.safe_dump(about), "values.yaml": yaml.safe_dump(values)}
    file = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", 9, file, mtime=0) as inner,
        tarfile.open(fileobj=inner, mode="w") as archive,
    ):
        for path in sorted((HERE / "chart").rglob("*")):
            if not path.is_file():
                continue
            inside = path.relative_to(HERE / "chart").as_posix()
            data = made.get(inside, path.read_text(encoding="utf-8")).encode()
            member = tarfile.TarInfo(f"rancher/{inside}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; give its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    running = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        running.join()


def bundle(directory: Path, charts: Path) -> None:
    """Make the bundle of a cluster, of rancher.yml with all charts, and of the double's image."""
    lists = load_lists()
    span = Span("tests/rancher/test_rancher.py", 1, 1, 1, 2)
    names = [("helm", ""), ("cert-manager-chart", ""), ("cert-manager-images", "")]
    names += [("rancher-chart", version) for version in VERSIONS]
    wants = [Want(name, version, "a test", span, 1) for name, version in names]
    orders = orders_of(resolve(wants, lists), lists, by_path=True)
    orders.append(Order(load_list(HERE / "server_double.yml"), whole=True))
    write(charts)
    with served(charts) as url:
        build(directory, progress=print, orders=orders, mirrors=Mirrors({"rancher": url}))
