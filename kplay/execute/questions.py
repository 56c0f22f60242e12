"""Asks what plays want to know (``vars_prompt``), before anything else is done.

The hosts of a play may depend on an answer, and a plan says what the whole playbook would do: so
all plays are asked for at once, in order, as the playbook is loaded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from kplay import asking
from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.resolve.unknown import Unknown
from kplay.source import UnsafeText, made_up

if TYPE_CHECKING:
    from collections.abc import Container, MutableMapping

    from kplay.playbook.model import Play, Playbook, Prompt
    from kplay.resolve.variables import VariableStore

Answers = dict[str, str]
"""By number of the play and name of the variable (``0:user``): what is to be its value."""


def settle(
    playbook: Playbook,
    store: VariableStore,
    answers: MutableMapping[str, str],
    given: Container[str],
    *,
    ask: bool,
) -> None:
    """Give every play the answers to its prompts.

    Args:
        playbook: whose plays ask.
        store: takes the answers; its keyring learns those that are private.
        answers: what was answered before (in a plan, or in a run that is resumed), and what is
            answered now.
        given: variables of the command line, which are not asked for.
        ask: whether this is for a run or its plan; else defaults stand in, and what has none is
            unknown.

    Raises:
        InputError: there is no terminal, and a prompt has no default.
    """
    unanswered: list[Diagnostic] = []
    for number, play in enumerate(playbook.plays):
        values: dict[str, object] = {}
        for prompt in play.prompts:
            key = f"{number}:{prompt.name}"
            if prompt.name in given:
                continue
            if key not in answers:
                default = _text(play, store, prompt.default)
                if not ask:
                    if default is None:
                        values[prompt.name] = Unknown(f"the answer to the prompt `{prompt.name}`")
                    else:
                        values[prompt.name] = default
                    continue
                if default is None and not asking.at_terminal():
                    unanswered.append(_unanswered(prompt))
                    continue
                answers[key] = _answer(play, store, prompt, default)
            values[prompt.name] = _value(prompt, answers[key])
            if prompt.private and answers[key] != _text(play, store, prompt.default):
                store.vault.revealed.add(answers[key])
        if values:
            store.prompt(play, values)
    if unanswered:
        raise InputError(unanswered)


def _value(prompt: Prompt, answer: str) -> object:
    """As Ansible has it: an answer is a template, unless it is unsafe."""
    if prompt.encrypt or prompt.unsafe:
        return UnsafeText(answer)
    return made_up(answer, "<vars_prompt>")


def _text(play: Play, store: VariableStore, given: Any) -> str | None:
    if given is None or given.value is None:
        return None
    value = store.scope(play, "localhost").template(given)
    return str(value)


def _answer(play: Play, store: VariableStore, prompt: Prompt, default: str | None) -> str:
    said = default or ""
    if asking.at_terminal():
        said = _asked(prompt, _text(play, store, prompt.text) or prompt.name, default)
        if prompt.private and said != default:
            store.vault.revealed.add(said)
    if not prompt.encrypt:
        return said
    from kplay.resolve.filters.passwords import hashed

    try:
        return hashed(
            said, prompt.encrypt, salt=prompt.salt or None, salt_size=prompt.salt_size or None
        )
    except (ValueError, TypeError) as error:
        message = f"`{prompt.name}` cannot be encrypted: {str(error).splitlines()[0]}"
        raise InputError(Diagnostic("bad-value", message, prompt.span)) from error


def _asked(prompt: Prompt, text: str, default: str | None) -> str:
    if prompt.text is None or default is not None:
        text = f"{text} [{default}]: " if default is not None else f"{text}: "
    ask = asking.hidden if prompt.private else asking.shown
    while True:
        said = ask(text) or default or ""
        if not prompt.confirm or said == (ask(f"confirm {text}") or default or ""):
            return said
        print("the two answers are not the same", file=sys.stderr)  # noqa: T201 - to who answers


def _unanswered(prompt: Prompt) -> Diagnostic:
    message = f"`{prompt.name}` is asked for, has no default, and there is no terminal to ask on"
    hint = (f"give it with `-e {prompt.name}=VALUE`",)
    return Diagnostic("no-answer", message, prompt.span, help=hint)
