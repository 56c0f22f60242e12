"""What goes wrong while a run is under way: the whole of what the user is shown, on real hosts.

Expectations are files in ``diagnostics``. With KPLAY_GOLDEN=write they are written anew; read the
difference before committing it.
"""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from kplay import lab as labs

pytestmark = pytest.mark.hosts
GOLDEN = Path(__file__).parent / "diagnostics"

KEPT = "    - {name: kept, copy: {content: kept, dest: /tmp/kept-%s}}\n"
HEAD = "- hosts: h1:h2\n  gather_facts: false\n  tasks:\n"


def normal(project: Any, said: str) -> str:
    """What is shown, without what differs from run to run."""
    rules = (
        (re.escape(str(project.directory)), "DIRECTORY"),
        (r"/var/lib/kplay-lab/hosts-\d+", "LAB"),
        (r"\d{8}-\d{6}-[0-9a-f]{4}", "RUN"),
        (r"\d{1,3}(\.\d{1,3}){3}", "ADDRESS"),
        (r"SHA256:[\w+/]{43}", "SHA256:FINGERPRINT"),
        (r"known_hosts:\d+", "known_hosts:LINE"),
        (r"port \d{4,5}\b", "port PORT"),
        (r"\]:\d{4,5}\b", "]:PORT"),
        (r" +$", ""),
    )
    for pattern, word in rules:
        said = re.sub(pattern, word, said, flags=re.MULTILINE)
    return said


def check(project: Any, case: str, done: Any) -> None:
    """Compare with the file of the case; another host's progress may come at any time."""
    said = "".join(line for line in normal(project, done.said).splitlines(keepends=True)
                   if not line.startswith("changed   h2"))  # fmt: skip
    shown = f"exit code {done.code}\n{said}"
    path = GOLDEN / f"{case}.txt"
    if os.environ.get("KPLAY_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


# name, tasks that only h1 comes to, exit code, options
STEPS: list[tuple[str, str, int, list[str]]] = [
    ("command-fails",
     "    - {name: fails, shell: 'for i in `seq 30`; do echo $i >&2; done; exit 3'}\n", 2, []),
    ("command-not-found", "    - {name: lost, command: no-such-program --flag}\n", 2, []),
    ("shell-not-found", "    - {name: lost, shell: no-such-program --flag}\n", 2, []),
    ("undefined-variable", "    - {name: unset, command: 'echo {{ nowhere.at.all }}'}\n", 1, []),
    ("permission-denied", "    - {name: denied, copy: {content: x, dest: /etc/denied}}\n", 2, []),
    ("template-error", "    - {name: rendered, template: {src: bad.j2, dest: /tmp/bad}}\n", 1, []),
    ("missing-file", "    - {name: absent, copy: {src: absent.conf, dest: /tmp/absent}}\n", 1, []),
    ("failing-handler",
     ("    - {name: tells, command: echo, notify: broken}\n"
      "  handlers:\n    - {name: broken, command: 'false'}\n"), 2, []),
    ("wrong-become-password", "    - {name: root, command: id, become: true}\n", 2,
     ["-e", "ansible_user=ops", "-e", "ansible_become_password=not-the-one"]),
    ("no-become-password", "    - {name: root, command: id, become: true}\n", 2,
     ["-e", "ansible_user=ops"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "tasks", "code", "options"), STEPS, ids=[one[0] for one in STEPS])
def test_a_step_that_fails(
    project: Any, case: str, tasks: str, code: int, options: list[str]
) -> None:
    project.write("bad.j2", "one\n{{ inventory_hostname }}\n{{ nothing.here }}\n")
    condition = tasks.replace("}\n", ", when: inventory_hostname == 'h1'}\n", 1)
    project.write("site.yml", HEAD.replace("h1:h2", "h2") + KEPT % case + HEAD + condition)
    done = project.kplay("run", "site.yml", *options)
    check(project, case, done)
    assert done.code == code
    assert project.on("h2", f"cat /tmp/kept-{case}") == "kept"


def inventory(project: Any, **changes: Any) -> list[str]:
    """The lab's inventory with variables of h1 changed."""
    data = yaml.safe_load(labs.inventory_path(project.lab).read_text())
    data["all"]["hosts"]["h1"].update(changes)
    project.write("inventory.json.yml", json.dumps(data))
    return ["-i", "inventory.json.yml"]


def test_hosts_that_cannot_be_reached(project: Any) -> None:
    project.write("site.yml", HEAD + KEPT % "reach")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        given = inventory(project, ansible_host="127.0.0.1", ansible_port=port)
        check(project, "refused", project.kplay("run", "site.yml", *given))
    given = inventory(project, ansible_host="no-such-host.invalid")
    check(project, "unresolved", project.kplay("run", "site.yml", *given))
    labs.cut_link(project.lab, "h1")
    try:
        given = inventory(project, ansible_ssh_timeout=2)
        check(project, "no-answer", project.kplay("run", "site.yml", *given))
    finally:
        labs.restore_link(project.lab, "h1")
    assert project.on("h2", "cat /tmp/kept-reach") == "kept"


def test_host_keys(project: Any) -> None:
    project.write("site.yml", HEAD.replace("h1:h2", "h1") + KEPT % "keys")
    known = project.write("known_hosts", "")
    options = f"-o UserKnownHostsFile={known} -o GlobalKnownHostsFile=/dev/null"
    given = inventory(project, ansible_ssh_common_args=options)
    check(project, "unknown-host-key", project.kplay("run", "site.yml", *given))
    assert project.kplay("run", "site.yml", *given).code == 4
    assert known.read_text() == ""
    project.ok("run", "site.yml", *given, "--accept-new-host-keys")
    line = known.read_text()
    project.ok("run", "site.yml", *given)
    name, kind, blob = line.split()
    other = blob[:-8] + ("A" * 8 if blob[-8:] != "A" * 8 else "B" * 8)
    known.write_text(f"{name} {kind} {other}\n")
    check(project, "wrong-host-key", project.kplay("run", "site.yml", *given))
    assert project.kplay("run", "site.yml", *given, "--accept-new-host-keys").code == 4


def test_no_python(project: Any) -> None:
    project.write("site.yml", HEAD + KEPT % "python")
    given = inventory(project, ansible_python_interpreter="/opt/none/python3")
    check(project, "no-python", project.kplay("run", "site.yml", *given))
    assert project.on("h2", "cat /tmp/kept-python") == "kept"


@pytest.mark.parametrize("place", ["/mnt/small", "/var/lib/kplay"])
def test_a_full_disk(project: Any, place: str) -> None:
    case = f"disk-full-{place.rpartition('/')[2]}"
    project.write("big", "0123456789abcdef" * 40_000)
    play = HEAD.replace("  tasks", "  become: true\n  tasks").replace("h1:h2", "h1")
    project.write("site.yml", play + "    - {name: big, copy: {src: big, dest: /mnt/small/big}}\n")
    mount = f"sudo mkdir -p {place} /mnt/small && sudo mount -t tmpfs -o size=64k,mode=700"
    project.on("h1", f"{mount} none {place} && sudo dd if=/dev/zero of={place}/fill bs=1k"
                     " count=128 2>/dev/null; true")  # fmt: skip
    try:
        done = project.kplay("run", "site.yml", "-e", "ansible_become=true")
        check(project, case, done)
        assert done.code == 2
        assert project.on("h1", "sudo ls -A /mnt/small | grep -v fill || true") == ""
    finally:
        project.on("h1", f"sudo umount {place}; sudo rm -rf /mnt/small {place}")


def test_a_handler_that_is_not_there_is_found_before_the_run(project: Any) -> None:
    project.write("site.yml", HEAD + "    - {name: tells, command: echo, notify: nobody}\n")
    done = project.kplay("run", "site.yml")
    check(project, "unknown-handler", done)
    assert done.code == 1
    assert not project.runs()
