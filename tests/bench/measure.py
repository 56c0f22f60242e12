"""Runs kplay and ansible-core on the same work and prints a table. Asserts nothing about time."""

# A table on standard output is what this program is for.
# ruff: noqa: T201

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from kplay import lab as labs

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
LAB = HERE.parents[1] / "tests/labs/hosts.yml"
REPEATS = 3
SORTS = (
    "copy: {dest: '/etc/{{ inventory_hostname }}', content: x}",
    "template: {src: a.j2, dest: /etc/a}, when: port | int > 8004",
    "command: 'true', register: seen, changed_when: seen.rc == 0",
    "file: {path: /srv/a, state: directory}, when: seen is changed",
    "lineinfile: {path: /etc/hosts, line: x}, when: \"rack | int < 20 and 'g3' in group_names\"",
    "user: {name: '{{ item }}'}, loop: '{{ users }}', when: \"item != 'b'\"",
    "set_fact: {next: '{{ port | int + 1 }}'}",
    "service: {name: a, state: started}, when: next | int > 8004, notify: restart",
    "apt: {name: a}, when: \"ansible_facts.os_family == 'Debian'\"",
    "file: {path: /srv/b}, when: \"inventory_hostname == groups['g1'][0]\"",
)
"""Tasks as playbooks have them: conditions that hosts, groups, facts and results decide."""


@dataclass
class Cost:
    """What one program took: median of some runs, in seconds."""

    wall: float
    controller: float
    hosts: float = 0.0
    memory: float = 0.0
    """The most that one of its processes held, in MiB."""


def main() -> None:
    print(f"{'work':<44}{'kplay':>24}{'ansible-core':>24}{'ratio':>9}")
    print(f"{'':<44}{'wall / CPU / hosts CPU':>24}{'wall / CPU / hosts CPU':>24}{'CPU':>9}")
    with TemporaryDirectory(prefix="kplay-bench-") as folder:
        _controller(Path(folder))
        _offline(Path(folder))
        if os.geteuid() == 0:
            _hosts(Path(folder))
        else:
            print("hosts: not measured, a lab needs root")


def _hosts(folder: Path) -> None:
    lab = replace(labs.load_lab(LAB), name=f"bench-{os.getpid()}")
    names = [host.name for host in lab.hosts]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        labs.up(lab, progress=lambda *_: None)
        inventory = ["-i", str(labs.inventory_path(lab)), str(HERE / "node-prep.yml")]
        for count in (1, 3):
            given = [*inventory, "--limit", ",".join(names[:count]), "-f", str(count)]
            ours = _cost([str(BIN / "kplay"), "run", *given], folder, lab.name)
            theirs = _cost([str(BIN / "ansible-playbook"), *given], folder, lab.name)
            _row(f"node-prep, no change, {count} host{'s' * (count > 1)}", ours, theirs)
    finally:
        labs.down(lab, progress=lambda *_: None)


def _controller(folder: Path) -> None:
    for count in (100, 1000):
        playbook = folder / f"tasks-{count}.yml"
        tasks = "".join(
            f"    - {{name: task {n}, copy: {{dest: /tmp/f{n}, content: x}}, when: a is defined}}\n"
            for n in range(count)
        )
        playbook.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
        ours = _cost([str(BIN / "kplay"), "graph", "-i", "h,", str(playbook)], folder)
        theirs = _cost(
            [str(BIN / "ansible-playbook"), "--list-tasks", "-i", "h,", str(playbook)], folder
        )
        _row(f"load and graph, {count} tasks", ours, theirs)
    playbook = folder / "debug.yml"
    tasks = "".join(
        f"    - debug: {{msg: '{{{{ inventory_hostname }}}} {n}'}}\n" for n in range(10)
    )
    playbook.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    for count in (10, 100, 1000):
        inventory = folder / f"hosts-{count}.ini"
        inventory.write_text("".join(f"h{n}\n" for n in range(count)))
        given = ["-i", str(inventory), "-f", "10", str(playbook)]
        ours = _cost([str(BIN / "kplay"), "run", *given], folder)
        theirs = None
        if count == 10:
            theirs = _cost([str(BIN / "ansible-playbook"), *given], folder, repeats=1)
        _row(f"10 debug tasks, {count} hosts", ours, theirs)


def _offline(folder: Path) -> None:
    """Plans from files alone: a thousand tasks of every sort, on more and more hosts."""
    playbook = folder / "offline.yml"
    playbook.write_text(
        "- hosts: all\n"
        "  handlers: [{name: restart, service: {name: x, state: restarted}}]\n"
        "  tasks:\n"
        + "".join(f"    - {{name: task {n}, {SORTS[n % len(SORTS)]}}}\n" for n in range(1000))
    )
    for count in (10, 100, 1000):
        inventory = folder / f"offline-{count}.ini"
        inventory.write_text(
            "".join(
                f"[g{group}]\n"
                + "".join(f"h{n} rack={n % 40}\n" for n in range(group, count, 10))
                + f"[g{group}:vars]\nport={8000 + group}\nusers=['a','b','c']\n"
                for group in range(10)
            )
        )
        cost = _cost(
            [str(BIN / "kplay"), "plan", "--offline", "-i", str(inventory), str(playbook)], folder
        )
        _row(f"offline plan, 1,000 tasks, {count} hosts ({cost.memory:.0f} MiB)", cost, None)


def _cost(argv: list[str], folder: Path, lab: str = "", *, repeats: int = REPEATS) -> Cost:
    """Run once to settle, then some times."""
    found = []
    warm = 1 if lab else 0
    for number in range(repeats + warm):
        on_hosts, began = _lab_cpu(lab), time.monotonic()
        with (folder / "said").open("w+b") as said:
            process = subprocess.Popen(
                argv, cwd=folder, env=_environment(folder), stdout=said, stderr=said
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            text = (folder / "said").read_text(errors="replace")
            raise SystemExit(f"{' '.join(argv)} failed:\n{text[-5000:]}")
        wall = time.monotonic() - began
        spent = used.ru_utime + used.ru_stime
        if number >= warm:
            found.append(Cost(wall, spent, _lab_cpu(lab) - on_hosts, used.ru_maxrss / 1024))
    return Cost(*(statistics.median(getattr(one, name) for one in found)
                  for name in ("wall", "controller", "hosts", "memory")))  # fmt: skip


def _lab_cpu(lab: str) -> float:
    """CPU seconds that the machines of a lab have used, where the kernel tells."""
    if not lab:
        return 0.0
    root = Path("/sys/fs/cgroup")
    used = 0
    for top in sorted({root / "cpuacct", root / "cpu,cpuacct"}):
        if top.is_dir() and not top.is_symlink():
            found = [path for path in top.glob(f"**/kplay-{lab}-*") if path.is_dir()]
            used += sum(int((path / "cpuacct.usage").read_text()) for path in found)
    return used / 1e9


def _environment(folder: Path) -> dict[str, str]:
    config = folder / "ansible.cfg"
    config.write_text("[ssh_connection]\npipelining = True\n")
    return {**os.environ, "ANSIBLE_CONFIG": str(config), "ANSIBLE_LOCALHOST_WARNING": "False"}


def _row(work: str, ours: Cost, theirs: Cost | None) -> None:
    ratio = "-"
    if theirs is not None:
        ratio = (
            f"{(theirs.controller + theirs.hosts) / max(0.01, ours.controller + ours.hosts):.1f}"
        )
    print(f"{work:<44}{_shown(ours):>24}{_shown(theirs):>24}{ratio:>9}", flush=True)


def _shown(cost: Cost | None) -> str:
    if cost is None:
        return "not run"
    hosts = f" / {cost.hosts:.2f}" if cost.hosts else " / -"
    return f"{cost.wall:.2f} / {cost.controller:.2f}{hosts}"


if __name__ == "__main__":
    main()
