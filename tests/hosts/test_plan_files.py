"""The walk-through of docs/plan-files.md on real hosts: reviewed, applied, refused after drift."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from kplay import lab as labs

pytestmark = pytest.mark.hosts

PAGE = Path(__file__).parents[2] / "docs/plan-files.md"

SITE = """\
- name: web
  hosts: h1:h2
  become: true
  vars: {port: 80}
  tasks:
    - {name: folder, file: {path: /etc/shop, state: directory, mode: "0750"}}
    - name: configuration
      template: {src: shop.j2, dest: /etc/shop/shop.conf, mode: "0640"}
      notify: reload
    - {name: service, user: {name: shop, system: true, shell: /usr/sbin/nologin}}
    - {name: owner, file: {path: /etc/shop/shop.conf, owner: shop}}
    - include_tasks: "{{ inventory_hostname }}.yml"
  handlers:
    - {name: reload, command: touch /etc/shop/reloaded}
"""


@pytest.fixture
def site(project: Any) -> Any:
    project.write("site.yml", SITE)
    project.write("shop.j2", "port = {{ port }}\nhost = {{ inventory_hostname }}\n")
    for host in ("h1", "h2"):
        text = "- {name: note, copy: {content: 'HOST', dest: /etc/shop/note}}\n"
        project.write(f"{host}.yml", text.replace("HOST", host))
    shutil.copy(labs.inventory_path(project.lab), project.directory / "hosts.yml")
    yield project
    for host in ("h1", "h2"):
        project.on(host, "sudo rm -rf /etc/shop; sudo userdel shop 2>/dev/null || true")


def lines_of(text: str) -> list[str]:
    """Lines of what kplay said, with the ids of runs out of them."""
    return re.sub(r"\d{8}-\d{6}-[0-9a-f]{4}", "RUN", text).splitlines()


def promised() -> list[str]:
    """The lines that the page shows in its walk-through."""
    walk = PAGE.read_text(encoding="utf-8").partition("## A plan reviewed")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", walk, flags=re.DOTALL)
    lines = [line for block in blocks for line in lines_of(block)]
    return [line for line in lines if line != "..." and not line.startswith("$ ")]


def test_reviewed_applied_and_refused_after_drift(site: Any) -> None:
    planned = site.ok("plan", "-i", "hosts.yml", "site.yml", "-o", "plan.json")
    assert "plan: 8 to create, 2 to update, 2 to run on 2 hosts" in planned.out
    shown = site.ok("show", "plan.json")
    assert shown.out == planned.out
    applied = site.kplay("apply", "-i", "hosts.yml", "plan.json")
    assert (applied.code, "--inventory: a plan file" in applied.err) == (5, True), applied.said
    applied = site.ok("apply", "plan.json")
    assert "12 changes on 2 hosts" in applied.out
    assert site.on("h2", "sudo cat /etc/shop/shop.conf /etc/shop/note").endswith("host = h2\nh2")

    site.write("shop.j2", "port = {{ port }}\nhost = {{ inventory_hostname }}\nlog = yes\n")
    site.ok("plan", "-i", "hosts.yml", "site.yml", "-o", "plan.json")
    site.on("h2", "sudo sh -c 'echo debug = 1 >> /etc/shop/shop.conf'")
    stopped = site.kplay("apply", "plan.json")
    assert stopped.code == 7, stopped.said
    assert "error[drifted]: configuration: not as planned, not run" in stopped.out
    assert " --> site.yml:8:7" in stopped.out
    assert " = host: h2" in stopped.out
    assert "     -debug = 1" in stopped.out
    assert "debug = 1" in site.on("h2", "sudo cat /etc/shop/shop.conf")
    accepted = site.ok("resume", "--accept-drift")
    assert "changed   h2: configuration (not as planned, and accepted)" in accepted.out
    kept = site.on("h2", "sudo cat /etc/shop/shop.conf")
    assert kept == "port = 80\nhost = h2\nlog = yes\n"
    assert "no changes" in site.ok("plan", "-i", "hosts.yml", "site.yml").out

    site.write("shop.j2", "port = {{ port }}\n")
    site.ok("plan", "-i", "hosts.yml", "site.yml", "-o", "plan.json")
    site.write("shop.j2", "port = {{ port + 1 }}\n")
    before = site.runs()
    refused = site.kplay("apply", "plan.json")
    assert refused.code == 7, refused.said
    assert "shop.j2: planned sha256:" in refused.err
    assert site.runs() == before
    everything = (planned, applied, stopped, accepted, refused)
    told = {line for one in everything for line in lines_of(one.said)}
    assert [line for line in promised() if line not in told] == []


def test_an_include_has_the_same_ids_whoever_comes_first(site: Any) -> None:
    site.ok("plan", "-i", "hosts.yml", "site.yml", "-o", "plan.json")
    made = json.loads((site.directory / "plan.json").read_text())
    steps = [one["place"] for one in made["plan"]["changes"] if one["place"]["task"] == "note"]
    first, second = (one["step"].partition("@")[0] for one in steps)
    assert first != second
    assert ".x" in first
    site.ok("apply", "plan.json")
