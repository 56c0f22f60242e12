"""--limit and --absent: the facts of other hosts, on real ones."""

from __future__ import annotations

from typing import Any

import pytest

from kplay import lab as labs

pytestmark = pytest.mark.hosts

SITE = """\
- name: facts
  hosts: lab
  gather_subset: ["!all", "!min", platform]
  tasks: []
- name: join
  hosts: lab
  gather_facts: false
  tasks:
    - {name: first, ping: }
    - name: read
      debug: {msg: "joins {{ hostvars['h1'].ansible_hostname }}"}
      ignore_errors: true
    - {name: last, ping: }
"""


@pytest.fixture
def site(project: Any) -> Any:
    project.write("site.yml", SITE)
    # Nothing listens on port 1, so whoever connects to h1 is refused
    project.write("dead.ini", "h1 ansible_port=1\n")
    return project


def with_h1_dead(site: Any) -> tuple[str, ...]:
    return ("-i", str(labs.inventory_path(site.lab)), "-i", "dead.ini", "site.yml")


def test_only_the_facts_that_are_read_are_gathered_then_kept(site: Any) -> None:
    why = site.ok("graph", "site.yml", "--limit", "h2", "--why",
                  "Facts of hosts outside --limit", "read")  # fmt: skip
    assert "reads ansible_hostname of h1, which --limit leaves out (site.yml:11)" in why.out
    first = site.ok("run", "site.yml", "--limit", "h2", "-v")
    assert "play: Facts of hosts outside --limit (1 host)" in first.out
    assert "joins h1" in first.out
    assert "h3" not in first.out
    assert sorted(one.name for one in (site.directory / ".kplay/runs/facts").iterdir()) == [
        "s1_h1", "s1_h2",
    ]  # fmt: skip
    second = site.ok("run", "site.yml", "--limit", "h2")
    assert "warning: facts of h1 are " in second.said
    assert "Facts of hosts outside" not in second.out
    assert "joins h1" in second.out


def test_a_dead_host_stops_what_reads_it_and_an_absent_one_is_left_alone(site: Any) -> None:
    options = with_h1_dead(site)
    dead = site.kplay("run", *options, "--limit", "h2", "-v")
    assert dead.code == 4, dead.said
    assert "it reads facts of h1, which were not gathered" in dead.said
    assert "h2: last" in dead.out
    lost = site.kplay("run", *options, "--absent", "h1", "-v")
    assert lost.code == 0, lost.said
    assert "no facts are kept of h1 (absent): `read` reads them (site.yml:11)" in lost.said
    assert "refuses the connection" not in lost.said
    assert "h3: last" in lost.out
    site.ok("run", "site.yml", "--limit", "h1")
    kept = site.ok("run", *options, "--absent", "h1")
    assert "facts of h1 (absent) are " in kept.said
    assert kept.out.count("joins h1") == 3
