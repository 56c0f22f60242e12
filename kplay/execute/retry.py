"""Retry files, for ``--limit @file``: the hosts that a run lost, where ansible.cfg asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kplay.execute.options import RunOptions


def write_retry(options: RunOptions, hosts: Iterable[str]) -> Path | None:
    """Write ``<playbook>.retry`` beside the playbook, or where ``retry_files_save_path`` says.

    Args:
        options: of the run; the first playbook gives the file its name.
        hosts: those that failed or were not reached.

    Returns:
        The file; None where none is wanted or no host was lost.

    Raises:
        InputError: it cannot be written.
    """
    lost = sorted(hosts)
    cfg = options.ansible_cfg
    if not lost or not options.playbooks or not cfg.get("retry_files_enabled", False):
        return None
    playbook = options.playbooks[0]
    folder: Path = cfg.get("retry_files_save_path") or playbook.absolute().parent
    path = folder / f"{playbook.stem}.retry"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name}\n" for name in lost), encoding="utf-8")
    except OSError as error:
        message = f"cannot write the retry file `{path}`: {error.strerror}"
        raise InputError(Diagnostic("unwritable-file", message, None)) from error
    return path
