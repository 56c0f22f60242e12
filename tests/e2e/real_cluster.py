"""Bare Debian hosts that kplay makes a cluster of with kubeadm, and how tests talk to it."""

from __future__ import annotations

import shlex
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from project import ROOT, Project, lab_up

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Cluster(Project):
    planned: list[dict[str, Any]] = field(default_factory=list)
    """What the plan of bare hosts said, step by step, and in words."""
    plan_text: str = ""

    patience: ClassVar[float] = 2400
    columns: ClassVar[int] = 200

    def kubectl(self, *words: str, stdin: str = "", code: int | None = 0) -> str:
        """What kubectl prints on the first control plane, its errors too where one is expected."""
        program = ["sudo", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *words]
        errors = "" if code == 0 else " 2>&1"
        return self.on("cp1", shlex.join(program) + errors, stdin=stdin, code=code)


@contextmanager
def bring_up(work: Path) -> Iterator[Cluster]:
    """Make three hosts, plan and apply kubeadm.yml, and take them away at the end."""
    three = labs.load_lab(ROOT / "inventories/lab/1+2.yml")
    with lab_up(three, "ci") as lab, closing(Cluster(work, lab)) as made:
        made.ok("bundle", "build")
        made.plan_text = made.play("plan", "kubeadm.yml")
        made.planned = made.plan("kubeadm.yml")
        made.play("apply", "kubeadm.yml", "--diff")
        yield made
