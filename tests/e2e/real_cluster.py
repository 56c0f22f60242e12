"""Three bare Debian hosts that kplay makes a cluster of, and how tests talk to it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kplay import lab

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Cluster:
    lab: lab.Lab
    inventory: Path
    work: Path
    plan: str = ""
    planned: list[dict] = dataclasses.field(default_factory=list)
    applied: str = ""

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "kplay", *words],
            cwd=self.work,
            env={**os.environ, "KUBECONFIG": str(self.work / "kubeconfig"), "COLUMNS": "160"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kplay(self, *words: str, code: int = 0) -> str:
        running = self.start(*words)
        text, _ = running.communicate(timeout=2400)
        assert running.returncode == code, f"{words}: {running.returncode}\n{text}"
        return text

    def words(self, verb: str, name: str, *words: str) -> list[str]:
        return [verb, "-i", str(self.inventory), str(ROOT / "playbooks" / name), *words]

    def play(self, verb: str, name: str, *words: str) -> str:
        return self.kplay(*self.words(verb, name, *words))

    def kubectl(self, *words: str) -> str:
        return self.on("cp1", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *words)

    def on(self, host: str, *words: str) -> str:
        """What a program prints that root runs on a host."""
        argv = lab.ssh_argv(self.lab, host, ["sudo", *words])
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def changes(self, *words: str) -> list[dict]:
        """What a plan says of each step."""
        text = self.kplay(*words, "--format", "json")
        return json.JSONDecoder().raw_decode(text[text.index("{") :])[0]["changes"]

    def events(self) -> list[dict]:
        newest = max((self.work / ".kplay/runs").glob("*/journal.jsonl"))
        lines = newest.read_text().splitlines()
        return [json.loads(line) for line in lines]


def _say(host: str, text: str) -> None:
    sys.stdout.write(f"{host}: {text}\n")


@contextmanager
def bring_up(work: Path) -> Iterator[Cluster]:
    """Make the hosts, plan and apply kubeadm.yml, and take them away at the end."""
    three = lab.load_lab(ROOT / "inventories/lab/1+2.yml")
    mine = dataclasses.replace(three, name=f"ci-{os.getpid()}")
    inventory = lab.up(mine, progress=_say)
    made = Cluster(mine, inventory, work)
    try:
        made.kplay("bundle", "build")
        made.plan = made.play("plan", "kubeadm.yml")
        made.planned = made.changes(*made.words("plan", "kubeadm.yml"))
        made.applied = made.play("apply", "kubeadm.yml", "--yes", "--diff")
        yield made
    finally:
        lab.down(mine, progress=_say)
