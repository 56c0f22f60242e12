"""Runs a case with ansible-core and records what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from oracle import rows
from oracle.cases import HERE, Case, end_state, prepare_place

if TYPE_CHECKING:
    from collections.abc import Mapping

_BIN = Path(sys.executable).parent
_RECAP = ("failures", "unreachable", "rescued", "ignored")


def version() -> str:
    """ansible-core's version."""
    from importlib.metadata import version as of

    return of("ansible-core")


def record(case: Case) -> dict[str, Any]:
    """The recording of a case: what ``recorded/<case>.json`` holds."""
    with TemporaryDirectory(prefix="kplay-case-") as folder:
        place = Path(folder).resolve() / "place"
        prepare_place(place)
        runs = [_run(case, place, Path(folder).resolve()) for _ in range(case.runs)]
        names = {"$PLACE": place, "$CASE": case.folder}
        return {
            "ansible_core": version(),
            "digest": case.digest(),
            "runs": rows.plain(runs, names),
            "files": rows.plain(end_state(place), names),
        }


def _run(case: Case, place: Path, folder: Path) -> dict[str, Any]:
    written = folder / "rows.jsonl"
    written.unlink(missing_ok=True)
    empty = folder / "empty.cfg"
    empty.touch()
    environment = {
        **os.environ,
        "ROWS_JSON": str(written),
        "ANSIBLE_STDOUT_CALLBACK": "rows_json",
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "oracle" / "callback"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_CONFIG": str(empty),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "controller"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    done = subprocess.run(
        [str(_BIN / "ansible-playbook"), *case.command_line(place)],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=case.timeout * 3,
    )  # fmt: skip
    if not written.exists():
        raise RuntimeError(f"{case.name}: {done.stdout}\n{done.stderr}")
    hosts: dict[str, list[dict[str, Any]]] = {}
    items: dict[str, list[dict[str, Any]]] = {}
    recap: dict[str, dict[str, int]] = {}
    custom: dict[str, dict[str, Any]] = {}
    for line in written.read_text().splitlines():
        one = json.loads(line)
        if one["kind"] == "custom":
            custom[one["host"]] = one["data"]
        else:
            _take(one, hosts, items, recap)
    told = {"custom": custom} if custom else {}
    return {"exit": done.returncode, "hosts": hosts, "recap": recap, **told}


def _take(
    one: Mapping[str, Any],
    hosts: dict[str, list[dict[str, Any]]],
    items: dict[str, list[dict[str, Any]]],
    recap: dict[str, dict[str, int]],
) -> None:
    host = one["host"]
    if one["kind"] == "recap":
        recap[host] = {name: one["counts"].get(name, 0) for name in _RECAP}
        return
    if one["module"] in ("meta", "include_tasks", "include_role", "setup", "gather_facts"):
        items.pop(host, None)
        return
    looped = one["kind"] == "item" or host in items
    values = rows.fields(one["module"], one["status"], one["result"])
    if one["kind"] == "item":
        items.setdefault(host, []).append({"status": one["status"], "fields": values})
        return
    entry = rows.row(one["task"], one["status"], {} if looped else values)
    entry["items"] = items.pop(host, [])
    hosts.setdefault(host, []).append(entry)
