"""ansible-core's side of a recording: a callback plugin that writes one JSON row a result."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: rows_json
type: stdout
short_description: one JSON row a result, to the file named by ROWS_JSON
description: Used by the language tests of kplay.
"""


class CallbackModule(CallbackBase):
    """Rows in the order in which results arrive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "rows_json"

    def __init__(self):
        super().__init__()
        self._stream = Path(os.environ["ROWS_JSON"]).open("a", encoding="utf-8")  # noqa: SIM115

    def _write(self, **row):
        self._stream.write(json.dumps(row, default=str) + "\n")
        self._stream.flush()

    def _row(self, kind, result, status):
        task = result._task
        named = result._task_fields.get("name") or task.action
        role = task._role.get_name() if task._role else ""
        self._write(
            kind=kind,
            host=result._host.get_name(),
            task=f"{role} : {named}" if role else str(named),
            module=task.action.rpartition(".")[2],
            status=status,
            result=json.loads(self._dump_results(result._result, indent=None)),
        )

    @staticmethod
    def _done(result):
        return "changed" if result._result.get("changed") else "ok"

    def v2_runner_on_ok(self, result):
        self._row("task", result, self._done(result))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._row("task", result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result):
        self._row("task", result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._row("task", result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self._row("item", result, self._done(result))

    def v2_runner_item_on_failed(self, result):
        self._row("item", result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self._row("item", result, "skipped")

    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed):
            self._write(kind="recap", host=host, counts=stats.summarize(host))
        for host in sorted(stats.custom):
            self._write(kind="custom", host=host, data=stats.custom[host])
