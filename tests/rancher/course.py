"""A course: playbooks of one distribution, one after the other, on the hosts of one lab."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "hosts"))
sys.path.insert(0, str(Path(__file__).parents[1] / "plan"))

from release import releases
from serve import serving
from traces import changed as differing
from traces import written

from kplay import lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release import Releases

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Course:
    """A lab that is up, a bundle with two releases, and the directory that runs are kept in."""

    lab: lab.Lab
    inventory: Path
    work: Path
    distribution: str
    versions: tuple[str, ...]
    site: str
    """Where the releases are served, to the controller and to the hosts."""
    bare: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """What each host had written before the first run."""
    folders: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    """The directories that each host had then: to write in one is no trace."""
    planned: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    applied: str = ""

    @property
    def kubectl(self) -> str:
        name = self.distribution
        folder = "/usr/local/bin" if name == "k3s" else "/var/lib/rancher/rke2/bin"
        kept = "KUBECACHEDIR=/dev/null/none"
        return f"{kept} KUBECONFIG=/etc/rancher/{name}/{name}.yaml {folder}/kubectl"

    def options(self, release: int, **other: Any) -> list[str]:
        given = {
            "distribution_method": "bundle",
            "distribution_version": self.versions[release],
            "kplay_bundle": str(self.work / "bundle"),
            **other,
        }
        return ["-e", json.dumps(given)]

    def kplay(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "kplay", *words],
            cwd=self.work,
            env={**os.environ, "KUBECONFIG": str(self.work / "kubeconfig"), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-8000:]}"
        return done.stdout

    def play(
        self, verb: str, name: str, *words: str, release: int = 0, code: int = 0, **other: Any
    ) -> str:
        playbook = str(ROOT / "playbooks" / name)
        fixed = [*self.options(release, **other), *words]
        yes = ["--yes"] if verb == "apply" else []
        return self.kplay(verb, "-i", str(self.inventory), playbook, *yes, *fixed, code=code)

    def plan(self, name: str, *words: str, release: int = 0, **other: Any) -> list[dict[str, Any]]:
        text = self.play("plan", name, "--format", "json", *words, release=release, **other)
        return list(json.JSONDecoder().raw_decode(text[text.index("{") :])[0]["changes"])

    def build(self, name: str, release: int) -> None:
        playbook = str(ROOT / "playbooks" / name)
        self.kplay(
            "bundle", "build", "--for", playbook, "-i", str(self.inventory),
            "-d", str(self.work / "bundle"), "--mirror", self.site, *self.options(release),
        )  # fmt: skip

    def on(self, host: str, script: str, code: int | None = 0, timeout: float = 120) -> str:
        argv = lab.ssh_argv(self.lab, host, ["sudo", "sh", "-e"])
        done = subprocess.run(
            argv, input=script, capture_output=True, text=True, check=False, timeout=timeout
        )
        if code is not None:
            assert done.returncode == code, f"{host}: {script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def nodes(self, host: str) -> dict[str, tuple[str, str]]:
        """Of each node its status and its version, as one server has them."""
        text = self.on(host, f"{self.kubectl} get nodes --no-headers")
        lines = [line.split() for line in text.splitlines()]
        return {words[0]: (words[1], words[4]) for words in lines}

    def started(self) -> dict[str, str]:
        """When the services of each host began, in their own words."""
        names = f"{self.distribution} {self.distribution}-server {self.distribution}-agent"
        asked = f"systemctl show -p ExecMainStartTimestampMonotonic {names}"
        return {one.name: self.on(one.name, asked) for one in self.lab.hosts}

    def events(self) -> list[dict[str, Any]]:
        newest = max((self.work / ".kplay/runs").glob("*/journal.jsonl"))
        return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]

    def changed(self) -> list[tuple[str, str]]:
        """Host and task of each step that changed something in the last run."""
        ended = [one for one in self.events() if one["event"] == "StepEnded"]
        assert ended, "the journal is empty"
        return [
            (one["place"]["host"], one["place"]["task"].rpartition(" : ")[2])
            for one in ended
            if one["status"] == "changed"
        ]

    def written(self, host: str) -> dict[str, Any]:
        """Every path that a host has written, with those below /var/lib that lie elsewhere."""
        places = "/var/lib/rancher /var/lib/kubelet /var/lib/containerd"
        aside = self.on(host, f"find {places} -mindepth 1 2>/dev/null | head -50", code=None)
        return {**written(self.lab, host), **dict.fromkeys(aside.splitlines(), ())}

    def directories(self, host: str) -> set[str]:
        return set(self.on(host, "find / -xdev -type d").splitlines())

    def traces(self, host: str) -> set[str]:
        """Paths of a host that are otherwise than before the first run."""
        return differing(self.bare[host], self.written(host)) - self.folders[host]

    def texts(self) -> list[str]:
        """Everything that was printed or kept of the runs."""
        kept = [*(self.work / ".kplay/runs").rglob("*.json*")]
        return [self.applied, *(path.read_text(encoding="utf-8") for path in kept)]


def say(host: str, text: str) -> None:
    sys.stdout.write(f"{host}: {text}\n")


@contextmanager
def course(given: lab.Lab, distribution: str, work: Path) -> Iterator[Course]:
    """Bring a lab up for a distribution's releases, and take it down."""
    tree: Releases = releases(lambda text: say("releases", text))
    versions = getattr(tree, distribution)
    mine = dataclasses.replace(given, name=f"ci-{distribution}-{os.getpid()}")
    inventory = lab.up(mine, progress=say)
    try:
        with serving(tree.tree) as site:
            made = Course(mine, inventory, work, distribution, versions, site.url)
            made.bare = {one.name: made.written(one.name) for one in mine.hosts}
            made.folders = {one.name: made.directories(one.name) for one in mine.hosts}
            yield made
    finally:
        lab.down(mine, progress=say)
