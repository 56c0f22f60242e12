"""Runs a plan file: refused where what it was made of has changed, else exactly as it says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kplay import __version__
from kplay.agent.agreed import digest
from kplay.ansible_cfg import MODULE_PATH, Value
from kplay.diagnostics import Diagnostic
from kplay.errors import DriftedError, ExitCode, InputError, UsageError
from kplay.execute.journal import restored_options, stored_options
from kplay.execute.options import RunOptions
from kplay.execute.prepare import extra_vars, prepare, provided, sources
from kplay.execute.run import walk
from kplay.modules.secret_names import is_secret_key
from kplay.plan import document, inputs
from kplay.plan.paths import local, portable
from kplay.plan.reads import Reads
from kplay.vault.sources import ASK
from kplay.walk.agreed import Agreed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.execute.prepare import Prepared
    from kplay.plan.document import Document
    from kplay.redaction import Redactor
    from kplay.walk.events import Listener, StepEnded

_OF_A_RUN = frozenset(
    {"ansible_cfg", "accept_drift", "accept_new_host_keys", "check", "diff", "runs_directory",
     "verbosity"}
)  # fmt: skip
"""Options that say how a plan is run or shown, not what it is."""


_SECRET_WORD = re.compile(r"(?:^|_)secrets?(?:_|$)", re.IGNORECASE)
_CREDENTIALS = re.compile(r"://[^/@\s:]*:[^/@\s]+@")
"""A URL with a password in it."""


def run(path: Path, asked: RunOptions, listener: Listener) -> ExitCode:
    """Do what a plan file says, and nothing else.

    Args:
        path: the plan file.
        asked: what a file does not hold: passwords, vault ids (else those that it names),
            variables that it withholds, and how to run.
        listener: sees the events.

    Raises:
        InputError: it is no plan file, or not whole.
        DriftedError: what the plan was made of has changed.
        UsageError: a variable that it withholds is not given.
    """
    plan = document.read(path)
    _refuse_parts(path, plan)
    refuse_changed_files(plan)
    options = options_of(plan, asked)
    with Reads() as reads:
        prepared = prepare(options, ask=True)
    _refuse_changed_inputs(plan, prepared, reads)
    agreed = agreed_on(plan, prepared, accept=options.accept_drift)
    return walk(prepared, listener, mode="apply", agreed=agreed, plan_file=path)


def agreed_on(
    plan: Document,
    prepared: Prepared,
    *,
    accept: bool,
    begun: Collection[str] = (),
    made: Mapping[str, StepEnded] | None = None,
) -> Agreed:
    """What a plan file says of each step, for the walk."""
    unsure = frozenset(plan.open)
    return Agreed(
        plan.salt,
        plan.calls,
        {one.place.step: one for one in plan.data.changes if one.place.step not in unsure},
        unsure,
        document.namer(prepared.graph.plays, plan.key),
        accept=accept,
        begun=frozenset(begun),
        made=made or {},
    )


# -- options ------------------------------------------------------------------------------------


def kept_options(options: RunOptions, redactor: Redactor, key: bytes) -> dict[str, Any]:
    """What a plan file holds of the command line: paths of any clone, no secrets."""
    stored = stored_options(options)
    kept = {name: value for name, value in stored.items() if name not in _OF_A_RUN}
    kept["playbooks"] = [portable(path) for path in options.playbooks]
    kept["inventory"] = [_source(one) for one in sources(options)]
    kept["private_key"] = portable(options.private_key) if options.private_key else None
    kept["vault_ids"] = [_vault_id(one) for one in options.vault_ids]
    library = options.ansible_cfg.values.get("library")
    if library is not None and library.origin == MODULE_PATH:
        kept["module_path"] = [portable(one) for one in library.value]
    kept["extra_vars"] = [_extra(text, redactor, key) for text in options.extra_vars]
    return kept


def options_of(plan: Document, asked: RunOptions) -> RunOptions:
    """The options of a plan, and of the user those that a plan does not hold.

    Raises:
        UsageError: a variable is given that the plan does not ask for, or one is missing.
        DriftedError: one is not what the plan was made with; so are settings of ansible.cfg.
    """
    given = {name: plan.options[name] for name in plan.options if name not in _OF_A_RUN}
    given["extra_vars"] = _extra_vars(given.get("extra_vars", ()), asked.extra_vars, plan.key)
    options = RunOptions(**restored_options(given))
    taken = {
        name: getattr(asked, name)
        for name in ("accept_drift", "accept_new_host_keys", "diff", "runs_directory", "verbosity",
                     "passwords")
    }  # fmt: skip
    for name in ("vault_ids", "private_key"):
        if getattr(asked, name):
            taken[name] = getattr(asked, name)
    if options.private_key and "private_key" not in taken:
        taken["private_key"] = local(str(options.private_key))
    cfg = asked.ansible_cfg
    if "module_path" in plan.options:
        folders = [local(one).absolute() for one in plan.options["module_path"]]
        cfg = replace(cfg, values={**cfg.values, "library": Value(folders, MODULE_PATH)})
    now = inputs.of_settings(cfg, plan.key)
    changed = inputs.differences(plan.inputs["settings"], now)
    if changed:
        origins = [_origin(cfg, name) for name in changed]
        raise DriftedError(_stale("settings of ansible.cfg or of the environment", origins))
    answers = {name: one["text"] for name, one in plan.answers.items() if "text" in one}
    taken["passwords"].answers.update(answers)
    return replace(options, ansible_cfg=cfg, **taken)


def _origin(cfg: AnsibleCfg, name: str) -> str:
    found = cfg.values.get(name)
    return f"{name}: " + (f"now by {found.origin}" if found is not None else "no longer set")


def _source(text: str | Path) -> str:
    return str(text) if "," in str(text) else portable(text)


def _vault_id(text: str) -> str:
    label, at, source = text.rpartition("@")
    asks = source.startswith("prompt") or text == ASK
    return text if asks else f"{label}{at}{portable(source)}"


def _extra(text: str, redactor: Redactor, key: bytes) -> dict[str, Any]:
    if text.strip().startswith("@"):
        return {"text": f"@{portable(text.strip()[1:])}"}
    table = {name: value.value for name, value in extra_vars((text,)).items()}
    named = any(is_secret_key(name) or _SECRET_WORD.search(name) for name in table)
    told = redactor.holds(table) or redactor.value(table) != table
    if named or told or _CREDENTIALS.search(text):
        return {"withheld": sorted(table), "digest": digest(table, key, slow=True)}
    return {"text": text}


def _extra_vars(
    kept: Collection[Mapping[str, Any]], given: Collection[str], key: bytes
) -> tuple[str, ...]:
    offered = {
        digest({name: one.value for name, one in extra_vars((text,)).items()}, key, slow=True): text
        for text in given
    }
    names = {digested: sorted(extra_vars((text,))) for digested, text in offered.items()}
    found = []
    for entry in kept:
        if "text" in entry:
            found.append(str(entry["text"]))
            continue
        withheld = ", ".join(f"`{name}`" for name in entry["withheld"])
        if entry["digest"] in offered:
            found.append(offered.pop(entry["digest"]))
        elif any(names[one] == entry["withheld"] for one in offered):
            raise DriftedError(
                _stale("variables", [f"{withheld}: not what the plan was made with"])
            )
        else:
            raise UsageError(
                f"the plan was made with `-e` for {withheld}, which plan files do not hold\n"
                " = help: give the same `-e` again"
            )
    if offered:
        text = next(iter(offered.values())).partition("=")[0]
        raise UsageError(f"`-e {text}`: the variables of a plan are those it was made with")
    return tuple(found)


# -- refusals -----------------------------------------------------------------------------------


def _refuse_parts(path: Path, plan: Document) -> None:
    """Refuse what is not a whole plan, or one of another kplay."""
    lost = plan.data.lost
    if lost:
        notes = tuple(f"{one.host}: {one.message.partition(chr(10))[0]}" for one in lost)
        names = ", ".join(one.host for one in lost)
        message = f"`{path}` is incomplete, for lack of {names}: nothing was applied"
        hint = (
            plan.data.way_on
            or "plan again once it can be told what they need, or leave them out by `--limit`",
        )
        raise InputError(Diagnostic("incomplete-plan", message, None, notes=notes, help=hint))
    made = plan.made
    if (made["version"], made["digest"]) != (__version__, inputs.of_kplay()):
        told = f"kplay: {made['version']} ({made['digest'][:12]}) made it, "
        now = f"this is {__version__} ({inputs.of_kplay()[:12]})"
        raise DriftedError(_stale("kplay itself", [told + now]))


def refuse_changed_files(plan: Document) -> None:
    """Refuse where a file that planning read is another now.

    Raises:
        DriftedError: with each such file, and its digests.
    """
    changed = []
    for name, before in plan.inputs["files"].items():
        now = inputs.again(local(name), before, plan.key)
        if now != before:
            changed.append(f"{name}: planned {_short(before)}, now {_short(now) or 'gone'}")
    if changed and not any(local(one).exists() for one in plan.options["playbooks"]):
        there = "its paths are relative to the folder that it was planned in: apply it there"
        raise DriftedError(_stale("files", changed, f"{there}, or in another clone"))
    if changed:
        raise DriftedError(_stale("files", changed))


def _refuse_changed_inputs(plan: Document, prepared: Prepared, reads: Reads) -> None:
    left_out = not_inputs(prepared.options)
    new = sorted({portable(one) for one in reads.files(left_out)} - plan.inputs["files"].keys())
    if new:
        raise DriftedError(_stale("files", [f"{name}: new since the plan" for name in new]))
    now = inputs.of_inventory(prepared.inventory, plan.key, provided())
    if now != plan.inputs["inventory"]:
        what = f"hosts, groups or their variables: planned {plan.inputs['inventory']}, now {now}"
        raise DriftedError(_stale("the inventory", [what]))
    answers = prepared.options.passwords.answers
    wrong = [
        name.partition(":")[2]
        for name, one in plan.answers.items()
        if "digest" in one and digest(answers.get(name), plan.key, slow=True) != one["digest"]
    ]
    if wrong:
        told = [f"`{name}`: not what was answered for the plan" for name in wrong]
        raise DriftedError(_stale("answers to prompts", told))


def not_inputs(options: RunOptions) -> list[Path]:
    """Files that are read and are no part of a plan: passwords, keys, earlier runs."""
    found: list[Path | None] = [options.runs_directory, options.private_key]
    found += [local(one.rpartition("@")[2]) for one in options.vault_ids]
    for name in ("connection_password_file", "become_password_file", "vault_password_file"):
        given = options.ansible_cfg.get(name)
        found.append(local(str(given)) if given else None)
    return [path for path in found if path is not None]


def _short(text: str) -> str:
    kind, colon, value = text.partition(":")
    return f"{kind}{colon}{value[:12]}"


def _stale(what: str, lines: list[str], hint: str = "plan again, and have that reviewed") -> str:
    said = "\n".join(f"  {line}" for line in lines)
    return f"{what} changed since the plan was made: nothing was applied\n{said}\n = help: {hint}"


def answers_of(prepared: Prepared, key: bytes) -> dict[str, dict[str, Any]]:
    """The answers to prompts: as text, or the digest of one that is private.

    Raises:
        InputError: one is hashed with a salt of chance, so that nobody can give it again.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, play in enumerate(prepared.playbook.plays):
        for prompt in play.prompts:
            name = f"{number}:{prompt.name}"
            if name not in prepared.options.passwords.answers:
                continue
            answer = prepared.options.passwords.answers[name]
            if prompt.encrypt and not prompt.salt:
                message = f"the answer to `{prompt.name}` is hashed with a new salt each time"
                notes = ("a plan file holds no answer that is private, so it is asked for again",)
                hint = ("give it a `salt`",)
                raise InputError(
                    Diagnostic("unplannable", message, prompt.span, notes=notes, help=hint)
                )
            hidden = prompt.private or prompt.encrypt
            digested = {"digest": digest(answer, key, slow=True)}
            found[name] = digested if hidden else {"text": answer}
    return found
