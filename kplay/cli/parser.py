"""The argument parser of the whole command line, made from the verbs."""

from __future__ import annotations

import argparse
from typing import NoReturn

from kplay.cli.verbs import verbs
from kplay.errors import UsageError

_FORM = argparse.RawDescriptionHelpFormatter


class Parser(argparse.ArgumentParser):
    """An argument parser whose faults are raised, so that one place prints and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the verb that has the fault."""
        raise UsageError(f"{message}\n = help: `{self.prog} --help` shows the options")


def parser() -> Parser:
    """The parser with every verb in it; imports nothing of the engine."""
    top = Parser(
        prog="kplay",
        description="Runs Ansible's playbook language as a dependency graph.",
        epilog="exit codes: 0 ok, 1 bad input, 2 a step failed, 3 changes pending, 4 unreachable, "
        "5 usage, 6 locked, 7 drifted, 70 a bug, 130 interrupted",
        allow_abbrev=False,
        formatter_class=_FORM,
    )
    top.add_argument("--version", action="store_true", help="print the version and end")
    chosen = top.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for name, verb in verbs().items():
        one = chosen.add_parser(
            name, help=verb.HELP, description=verb.HELP, allow_abbrev=False, formatter_class=_FORM
        )
        verb.add(one)
        one.set_defaults(run=verb.run)
    return top
