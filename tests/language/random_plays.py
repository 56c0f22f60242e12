"""Random playbooks under kplay's order and under ansible-core: made, run by both, recorded.

Their hosts' files stand under /etc on hosts in memory; ansible-core runs them on this machine, with
a folder for each host in place of /etc and one host at a time, since its hosts would share files.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from oracle.cases import Case
from oracle.with_ansible import record, version
from test_order_property import HOSTS, plays, run_in_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interleaved import Ended

RECORDED = Path(__file__).parent / "recorded_random"
COUNT = 24
SEED = 20

Play = dict[str, Any]


class _Unfiled(Case):
    """A case that is no folder under cases/: its recording has a digest of its own."""

    def digest(self) -> str:
        return ""


def made(count: int, start: int) -> list[tuple[Play, int]]:
    """So many plays and their numbers of hosts, the same for the same start."""
    found: list[tuple[Play, int]] = []

    @seed(start)
    @settings(
        max_examples=count, database=None, deadline=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(play=plays(), hosts=st.integers(2, 4))
    def collect(play: Play, hosts: int) -> None:
        found.append((play, hosts))

    collect()
    return found[:count]


def digest(play: Play, hosts: int) -> str:
    """Changes with the playbook."""
    return hashlib.sha256(json.dumps([play, hosts], sort_keys=True).encode()).hexdigest()


def on_this_machine(value: Any, folder: str) -> Any:
    """The play with a folder of this machine for each host's /etc."""
    if isinstance(value, dict):
        there = value.get("delegate_to")
        inner = "{{ place }}/%s/" % there if there else folder  # noqa: UP031 - braces
        return {key: on_this_machine(part, inner) for key, part in value.items()}
    if isinstance(value, list):
        return [on_this_machine(part, folder) for part in value]
    if isinstance(value, str):
        first = "{{ groups.all[0] }}"
        value = value.replace(f"{first}/etc/", f"{first}{{{{ place }}}}/{first}/")
        return value.replace("/etc/", folder)
    return value


def with_ansible(play: Play, hosts: int) -> dict[str, Any]:
    """What ansible-core makes of a play: what is recorded."""
    with TemporaryDirectory(prefix="kplay-random-") as name:
        folder = Path(name).resolve()
        lines = [f"{host} ansible_connection=local" for host in HOSTS[:hosts]]
        (folder / "inventory.ini").write_text("\n".join(lines) + "\n")
        written = on_this_machine(play, "{{ place }}/{{ inventory_hostname }}/")
        (folder / "play.yml").write_text(json.dumps([written]))
        arguments = ("--forks", "1", "-e", "mirror={{ place }}/mirror")
        case = _Unfiled("random", folder, arguments, timeout=200)
        found = record(case)
        (run,), files = found["runs"], found["files"]
    return {
        "ansible_core": version(),
        "digest": digest(play, hosts),
        "hosts": hosts,
        "play": play,
        "steps": {host: [[r["task"], r["status"]] for r in run["hosts"].get(host, [])]
                  for host in HOSTS[:hosts]},
        "files": {name: "\n".join(sorted(entry[2].splitlines()))
                  for name, entry in files.items()
                  if entry[0] == "file" and not name.startswith("mirror")},
    }  # fmt: skip


def differences(recorded: Mapping[str, Any], ours: Ended) -> list[str]:
    """Where kplay's end differs from the recording, one line for each place."""
    found = []
    for host, theirs in recorded["steps"].items():
        mine = [[task, {"rescued": "failed"}.get(status, status)]
                for task, status in ours.steps.get(host, [])]  # fmt: skip
        if mine != theirs:
            found.append(f"{host}: ansible-core has {theirs}, kplay has {mine}")
    files = {f"{host}/{path.removeprefix('/etc/')}": text
             for host, entries in ours.files.items() for path, text in entries.items()}  # fmt: skip
    for name in sorted({*files, *recorded["files"]}):
        theirs, own = recorded["files"].get(name), files.get(name)
        if theirs != own:
            found.append(f"{name}: ansible-core has {theirs!r}, kplay has {own!r}")
    return found


def main(words: list[str]) -> None:
    """``record`` keeps a set with the same seed; ``fresh [N]`` compares new ones."""
    fresh = words[:1] == ["fresh"]
    count = int(words[1]) if words[1:] else COUNT
    start = random.SystemRandom().randrange(10**6) if fresh else SEED
    chosen = made(count, start)
    kept = [json.loads(path.read_text()) for path in RECORDED.glob("*.json")]
    known = {one["digest"] for one in kept if one["ansible_core"] == version()}
    stale = [one for one in chosen if fresh or digest(*one) not in known]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda one: with_ansible(*one), stale))
    failed = False
    for result in results:
        if fresh:
            lines = differences(result, run_in_memory([result["play"]], result["hosts"], start))
            failed = failed or bool(lines)
            print("\n".join(lines or ["the same"]))  # noqa: T201
            if lines:
                print(json.dumps(result["play"]))  # noqa: T201
            continue
        RECORDED.mkdir(exist_ok=True)
        path = RECORDED / f"{result['digest'][:12]}.json"
        path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
        print(f"recorded {path.name}")  # noqa: T201
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main(sys.argv[1:])
