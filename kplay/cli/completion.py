"""``kplay completion``: the words of the command line, for the shell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kplay.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "print a bash completion script: source <(kplay completion)"

_SCRIPT = """\
_kplay() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" words
  case "${{COMP_WORDS[1]}}" in
{cases}
    *) words="{verbs}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="{verbs}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word"))
}}
complete -o filenames -F _kplay kplay"""


def add(parser: ArgumentParser) -> None:
    """No options."""


def run(chosen: Namespace) -> ExitCode:
    """Print the script, made from the parser itself."""
    from kplay.cli.parser import parser

    table = _words(parser())
    cases = "\n".join(f'    {verb}) words="{" ".join(words)}" ;;' for verb, words in table.items())
    print(_SCRIPT.format(cases=cases, verbs=" ".join(table)))
    return ExitCode.OK


def _words(parser: ArgumentParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                options = [word for one in child._actions for word in one.option_strings]
                found[name] = [*_words(child), *options]
    return found
