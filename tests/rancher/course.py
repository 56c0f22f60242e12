"""A course: playbooks of one distribution, one after the other, on the hosts of one lab."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from project import ROOT, Project, lab_up, say
from release import releases
from serve import serving
from traces import changed as differing
from traces import written

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release import Releases


@dataclass(kw_only=True)
class Course(Project):
    """A lab that is up, a bundle with two releases, and the directory that runs are kept in."""

    distribution: str
    versions: tuple[str, ...]
    site: str
    """Where the releases are served, to the controller and to the hosts."""
    bare: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each host had written before the first run."""
    folders: dict[str, set[str]] = field(default_factory=dict)
    """The directories that each host had then: to write in one is no trace."""
    planned: list[dict[str, Any]] = field(default_factory=list)

    patience: ClassVar[float] = 1200
    columns: ClassVar[int] = 200

    @property
    def kubectl(self) -> str:
        name = self.distribution
        folder = "/usr/local/bin" if name == "k3s" else "/var/lib/rancher/rke2/bin"
        kept = "KUBECACHEDIR=/dev/null/none"
        return f"{kept} KUBECONFIG=/etc/rancher/{name}/{name}.yaml {folder}/kubectl"

    def given(self, release: int) -> dict[str, str]:
        return {
            "distribution_method": "bundle",
            "distribution_version": self.versions[release],
            "kplay_bundle": str(self.directory / "bundle"),
        }

    def words(
        self, verb: str, name: str | Path, *more: str, release: int = 0, **settings: object
    ) -> list[str]:
        return super().words(verb, name, *more, **{**self.given(release), **settings})

    def build(self, name: str, release: int) -> None:
        self.ok(
            "bundle", "build", "--for", str(ROOT / "playbooks" / name),
            "-i", str(labs.inventory_path(self.lab)), "-d", str(self.directory / "bundle"),
            "--mirror", self.site, "-e", json.dumps(self.given(release)),
        )  # fmt: skip

    def nodes(self, host: str) -> dict[str, tuple[str, str]]:
        """Of each node its status and its version, as one server has them."""
        text = self.root(host, f"{self.kubectl} get nodes --no-headers")
        lines = [line.split() for line in text.splitlines()]
        return {words[0]: (words[1], words[4]) for words in lines}

    def started(self) -> dict[str, str]:
        """When the services of each host began, in their own words."""
        names = f"{self.distribution} {self.distribution}-server {self.distribution}-agent"
        asked = f"systemctl show -p ExecMainStartTimestampMonotonic {names}"
        return {one.name: self.root(one.name, asked) for one in self.lab.hosts}

    def written(self, host: str) -> dict[str, Any]:
        """Every path that a host has written, with those below /var/lib that lie elsewhere."""
        places = "/var/lib/rancher /var/lib/kubelet /var/lib/containerd"
        aside = self.root(host, f"find {places} -mindepth 1 2>/dev/null | head -50", code=None)
        return {**written(self.lab, host), **dict.fromkeys(aside.splitlines(), ())}

    def directories(self, host: str) -> set[str]:
        return set(self.root(host, "find / -xdev -type d").splitlines())

    def traces(self, host: str) -> set[str]:
        """Paths of a host that are otherwise than before the first run."""
        return differing(self.bare[host], self.written(host)) - self.folders[host]


@contextmanager
def course(given: labs.Lab, distribution: str, work: Path) -> Iterator[Course]:
    """Bring a lab up for a distribution's releases, and take it down."""
    tree: Releases = releases(lambda text: say("releases", text))
    what = {"distribution": distribution, "versions": getattr(tree, distribution)}
    with (
        lab_up(given, f"ci-{distribution}") as lab,
        serving(tree.tree) as site,
        closing(Course(work, lab, site=site.url, **what)) as made,
    ):
        made.bare = {one.name: made.written(one.name) for one in lab.hosts}
        made.folders = {one.name: made.directories(one.name) for one in lab.hosts}
        yield made
