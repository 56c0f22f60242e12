"""Plans and applies every course on hosts of a lab, and prints how exact the plans were.

measure.py [COURSE | PLAYBOOK] …    without a name: all of them
"""

# A table on standard output is what this program is for.
# ruff: noqa: T201

from __future__ import annotations

import json
import shutil
import signal
import sys
import tarfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import packages
from courses import SHIPPED, Course, Run, courses
from exactness import KINDS, Allowed, Table, allowed, compare
from project import Finished, Project, lab_up
from traces import LOGIN_RECORDS, changed, written

from kplay import lab as labs

OF_A_CLUSTER = (
    "/var/lib/etcd", "/var/lib/kubelet", "/var/lib/containerd", "/var/lib/cni",
    "/var/log/pods", "/var/log/containers", "/var/lib/rancher",
)  # fmt: skip
"""Where the programs of a cluster that is up write by themselves."""


OF_ENDED_SERVICES = ("/tmp/systemd-private-", "/var/tmp/systemd-private-")
"""What systemd removes when a service that an earlier run woke has had nothing to do for long."""


@dataclass
class Measured:
    """A run with its table, and what its plan wrote."""

    run: Run
    table: Table
    traces: dict[str, set[str]]
    lost: list[str]
    """Why hosts could not be planned or applied to the end."""

    def faults(self) -> list[str]:
        wrote = [f"the plan wrote {one} on {host}" for host in self.traces
                 for one in sorted(self.traces[host])]  # fmt: skip
        return self.table.faults() + wrote + self.lost


class Site(Project):
    """The hosts of a course, and the directory that kplay runs in."""

    patience: ClassVar[float] = 2400

    @property
    def hosts(self) -> list[str]:
        return [host.name for host in self.lab.hosts]

    def build(self, bundle: str) -> None:
        """Make the bundle that a course is run with."""
        if bundle == "rancher":
            import repository

            self.settings["kplay_bundle"] = str(self.directory / "bundle")
            repository.bundle(self.directory / "bundle", self.directory / "charts")
        elif bundle in ("k3s", "rke2"):
            self.build_release(bundle)
        elif bundle:
            self.ok("bundle", "build")

    def build_release(self, distribution: str) -> None:
        """Make a bundle of a release of the double of K3s or RKE2."""
        from release import releases
        from serve import serving

        tree = releases(lambda _: None)
        self.settings = {
            "kplay_bundle": str(self.directory / "bundle"),
            "distribution_method": "bundle",
            "distribution_version": getattr(tree, distribution)[0],
        }
        with serving(tree.tree) as site:
            self.ok(
                "bundle", "build", "--for", str(SHIPPED / f"{distribution}.yml"),
                "-i", str(labs.inventory_path(self.lab)), "-d", self.settings["kplay_bundle"],
                "--mirror", site.url, "-e", json.dumps(self.settings),
            )  # fmt: skip

    def measure(self, run: Run, known: list[Allowed]) -> Measured:
        """Plan, see that nothing was written, apply, compare."""
        for host in self.hosts:
            self.root(host, run.before.get(host, "true"))
        noise = self.noise()
        before = {host: written(self.lab, host) for host in self.hosts}
        more = [*run.only, "--format", "json"]
        plan = json.loads(self.ended("plan", run.playbook, *more, **run.settings).out)
        traces = {host: self.traces(host, before[host]) - noise for host in self.hosts}
        self.ended("run", run.playbook, "--diff", *run.only, **run.settings)
        told = self.events()
        ends = [("plan", one) for one in plan["lost"]]
        ends += [("run", one) for one in told if one["event"] == "HostLost"]
        lost = [f"{verb} of {one['host']}: {one['message']}" for verb, one in ends]
        return Measured(run, compare(plan["changes"], told, known), traces, lost)

    def traces(self, host: str, before: dict[str, Any]) -> set[str]:
        """What was written to a host since, by others than its own services."""
        after = written(self.lab, host)
        return {
            path
            for path in changed(before, after)
            if not path.startswith(OF_A_CLUSTER)
            and (path in after or not path.startswith(OF_ENDED_SERVICES))
        }

    def bring(self, run: Run) -> Run:
        """A playbook of tests in the directory of the site, with an archive beside it."""
        if SHIPPED in run.playbook.parents:
            return run
        folder = self.directory / run.playbook.parent.name
        if not folder.exists():
            shutil.copytree(run.playbook.parent, folder)
            with tarfile.open(folder / "pack.tgz", "w:gz") as pack:
                pack.add(folder / "tree", "pack")
            packages.make(folder)
        return replace(run, playbook=folder / run.playbook.name)

    def noise(self) -> set[str]:
        """What a login and sudo alone write."""
        host = self.hosts[-1]
        before = written(self.lab, host)
        for _ in range(2):
            self.root(host, "true")
        return changed(before, written(self.lab, host)) | LOGIN_RECORDS

    def ended(self, *words: Any, **settings: Any) -> Finished:
        """A plan or a run that has come to its end, though not with every host."""
        done = self.kplay(*self.words(*words, **settings))
        assert done.code in (0, 2), f"{words}: {done.code}\n{done.said}"
        return done


def main(names: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known, done = allowed(), []
    for course in courses():
        whole = not names or course.name in names
        runs = [one for one in course.runs if whole or one.playbook.stem in names]
        if runs:
            done += measure_course(replace(course, runs=tuple(runs)), known)
    return report(done)


def measure_course(course: Course, known: list[Allowed]) -> list[Measured]:
    done = []
    with (
        TemporaryDirectory(prefix="kplay-plan-") as folder,
        lab_up(labs.load_lab(course.lab), "plan", progress=lambda *_: None) as lab,
        closing(Site(Path(folder), lab)) as site,
    ):
        for host, script in course.before.items():
            site.root(host, script)
        site.build(course.bundle)
        for given in course.runs:
            run = site.bring(given)
            began = time.monotonic()
            done.append(site.measure(run, known))
            print(f"-- {run.title} ({time.monotonic() - began:.0f} s)")
            for line in [*map(str, done[-1].table.off()), *done[-1].faults()]:
                print(f"   {line}")
            sys.stdout.flush()
    return done


def report(done: list[Measured]) -> int:
    """Print the table; 1 when anything is not as it must be."""
    heads = ["steps", "changed", "exact", "allowed", "missed", "wrong", "diff differs", "traces"]
    wide = max(len(one.run.title) for one in done)
    print(f"\n{'':<{wide}}  " + "  ".join(heads))
    for one in done:
        table = one.table
        row = [len(table.rows), len(table.changed), *[table.count(kind) for kind in KINDS]]
        row += [len(table.differing), sum(map(len, one.traces.values()))]
        cells = [f"{value:>{len(head)}}" for head, value in zip(heads, row, strict=True)]
        print(f"{one.run.title:<{wide}}  " + "  ".join(cells))
    bad = [one.run.title for one in done if one.faults()]
    print(f"\nnot exact: {'; '.join(bad)}" if bad else "\nevery plan was exact")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
