"""``kplay lab test``: playbooks tried on hosts that come and go with the test."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import ansible_options, options
from kplay.cli.lab.chosen import add_provider
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from kplay.execute.options import RunOptions
    from kplay.lab import Lab
    from kplay.walk.events import Listener

HELP = "try playbooks on a lab: up, plan, apply, plan again (must be empty), verify, down"
OUTPUT = Path(".kplay/lab-tests")
_ONLY_THE_LAB = "a second inventory could name real hosts; the lab's is the only one"
_LONGEST = 30


def add(parser: ArgumentParser) -> None:
    """PLAYBOOK …, --lab, and what plan and apply take that makes sense for hosts of a lab."""
    options.add_playbook_files(parser)
    parser.add_argument(
        "--lab", required=True, dest="tested", metavar="LAB",
        help="a lab file, or the name of a ready-made one",
    )  # fmt: skip
    add_provider(parser)
    parser.add_argument(
        "--name", default="", metavar="NAME", help="what the lab is called (its own name and a"
        " random suffix, so that tests side by side do not meet)",
    )  # fmt: skip
    _add_ways(parser)
    _add_report(parser)
    options.add_limit(parser)
    options.add_tags(parser)
    options.add_vault(parser)
    options.add_extra_vars(parser)
    options.add_forks(parser)
    options.add_become(parser)
    ansible_options.add_module_path(parser)
    options.add_probes(parser)
    options.add_shown(parser)
    ansible_options.refuse(parser, ("-i", "--inventory"), _ONLY_THE_LAB)


def _add_ways(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is tried")
    group.add_argument(
        "--verify", action="append", default=[], type=Path, metavar="PLAYBOOK",
        help="a playbook that verifies; repeatable (without: tasks tagged `verify`)",
    )  # fmt: skip
    group.add_argument(
        "--second-apply", action="store_true",
        help="apply once more: it must change nothing, and settles what the second plan cannot",
    )  # fmt: skip
    group.add_argument(
        "--strict", action="store_true", help="exit 7 when apply did not do what the plan said"
    )
    stays = group.add_mutually_exclusive_group()
    stays.add_argument("--keep", action="store_true", help="leave the lab up")
    stays.add_argument(
        "--keep-on-failure", action="store_true", help="leave it up when a stage failed"
    )
    stays.add_argument(
        "--no-up", action="store_true", help="test on a lab that is up already, and leave it up"
    )


def _add_report(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("report")
    group.add_argument(
        "--report-file", action="append", default=[], type=Path, metavar="FILE",
        help="write the report here too: .json, or .xml for JUnit XML; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--output", type=Path, metavar="DIR",
        help=f"keep what each stage printed here (a new folder in {OUTPUT})",
    )  # fmt: skip


def run(chosen: Namespace) -> ExitCode:
    """Try it; the report is printed last."""
    from kplay import lab
    from kplay.execute.journal import new_id
    from kplay.lab.signals import Interruptions
    from kplay.rehearsal import files, text
    from kplay.rehearsal.model import Asked
    from kplay.rehearsal.rehearse import rehearse

    for path in chosen.report_file:
        files.check(path)
    found = lab.find_lab(chosen.tested)
    if chosen.no_up and (chosen.name or chosen.provider):
        raise UsageError("`--no-up` tests on the lab that `--lab` names, as it stands")
    if not chosen.no_up:
        provider = chosen.provider or found.provider
        found = replace(found, name=_name(found, chosen.name), provider=provider)
    asked = Asked(
        options=_isolated(options.run_options(chosen)),
        lab=found,
        directory=chosen.output or OUTPUT / new_id(),
        verify=tuple(chosen.verify),
        keep=chosen.keep,
        keep_on_failure=chosen.keep_on_failure,
        standing=chosen.no_up,
        second_apply=chosen.second_apply,
        strict=chosen.strict,
        whole_plan=chosen.diff or chosen.verbose > 0,
    )
    signals = Interruptions()
    # A second Ctrl-C must not cost the report.
    with signals.handled(last=True):
        report = rehearse(asked, _Terminal(chosen), signals)
        print("\n" + text.of(report, color=sys.stdout.isatty()), flush=True)
        for path in chosen.report_file:
            files.write(report, path)
    return report.code


def _name(found: Lab, given: str) -> str:
    from kplay.lab.load import LAB_NAME

    if not given:
        suffix = f"-{secrets.token_hex(2)}"
        return found.name[: _LONGEST - len(suffix)].rstrip("-") + suffix
    if not LAB_NAME.fullmatch(given):
        raise UsageError(
            f"`{given}` cannot name a lab\n = help: lower-case letters, digits and hyphens,"
            f" {_LONGEST} characters at most"
        )
    return given


def _isolated(asked: RunOptions) -> RunOptions:
    """Without what ansible.cfg shares with runs on real hosts.

    Facts of the lab's hosts must not be taken for those of real hosts of the same names, nor the
    other way round, and ``--limit @site.retry`` is about real hosts too.
    """
    shared = ("fact_caching", "inventory", "retry_files_enabled")
    cfg = asked.ansible_cfg
    left = {name: value for name, value in cfg.values.items() if name not in shared}
    return replace(
        asked, ansible_cfg=replace(cfg, values=left), accept_new_host_keys=False, user=None,
        private_key=None,
    )  # fmt: skip


class _Terminal:
    """Shows a rehearsal: the lab's progress on standard error, the rest on standard output."""

    def __init__(self, chosen: Namespace) -> None:
        from kplay.report.stream import Lasting

        self._verbosity, self._diff = chosen.verbose, chosen.diff
        self._out, self._err = Lasting(sys.stdout), Lasting(sys.stderr)

    def stage(self, name: str) -> None:
        self._out.write(f"==> {name}\n")
        self._out.flush()

    def say(self, who: str, message: str) -> None:
        self._err.write(f"{who}: {message}\n")
        self._err.flush()

    def text(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    @contextmanager
    def listening(self, *, planning: bool) -> Iterator[Listener]:
        from kplay.report import choose

        stream = sys.stderr if planning else sys.stdout
        with choose.listener(
            stream,
            verbosity=self._verbosity,
            diff=self._diff,
            planning=planning,
            resumable=False,
        ) as listener:
            yield listener
