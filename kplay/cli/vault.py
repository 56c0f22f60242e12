"""``kplay vault``: encrypts and decrypts files and texts in Ansible's vault format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.cli import options
from kplay.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from kplay.ansible_cfg import AnsibleCfg
    from kplay.vault.keyring import Keyring
    from kplay.vault.sources import Identity

HELP = "encrypt and decrypt files and texts with a password, in Ansible's format"

_VERBS = {
    "create": "write a new encrypted file in $EDITOR",
    "decrypt": "decrypt files, or standard input",
    "edit": "change encrypted files in $EDITOR",
    "encrypt": "encrypt files, or standard input",
    "encrypt-string": "encrypt texts as values of a YAML file",
    "rekey": "encrypt files with another password",
    "view": "print encrypted files",
}
_MANY = ("decrypt", "encrypt")
_NEW = ("create", "encrypt", "encrypt-string")
"""What encrypts, and so asks for a password twice."""


def add(parser: ArgumentParser) -> None:
    """A verb of its own for each thing to do, with ansible-vault's options."""
    chosen = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in _VERBS.items():
        aliases = [name.replace("-", "_")] if "-" in name else []
        one = chosen.add_parser(name, help=text, description=text, aliases=aliases)
        options.add_vault(one)
        if name == "encrypt-string":
            _add_string(one)
        else:
            one.add_argument("files", nargs="*" if name in _MANY else "+", metavar="FILE")
        if name in (*_MANY, "encrypt-string"):
            one.add_argument("--output", metavar="FILE", help="where to; `-` is standard output")
        if name not in ("decrypt", "view"):
            one.add_argument(
                "--encrypt-vault-id", metavar="LABEL", help="the vault id to encrypt with"
            )
        if name == "rekey":
            new = one.add_mutually_exclusive_group()
            new.add_argument("--new-vault-id", metavar="LABEL@SOURCE", help="the new one")
            new.add_argument("--new-vault-password-file", metavar="FILE", help="the new password")


def _add_string(parser: ArgumentParser) -> None:
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="`-` is standard input")
    parser.add_argument("-n", "--name", action="append", default=[], help="the variable's name")
    parser.add_argument("--stdin-name", metavar="NAME", help="read standard input, for this name")
    parser.add_argument("-p", "--prompt", action="store_true", help="ask for the text")
    parser.add_argument("--show-input", action="store_true", help="show what is typed at --prompt")


def run(chosen: Namespace) -> ExitCode:
    """Do it to every file, one after the other."""
    from kplay import ansible_cfg
    from kplay.vault.keyring import Keyring
    from kplay.vault.sources import identities

    cfg = ansible_cfg.find()
    action = chosen.action.replace("_", "-")
    sources = options.vault_ids(chosen, cfg)
    known = identities(sources, {}, new=action in _NEW)
    keyring = Keyring(known, match=bool(cfg.get("vault_id_match")))
    if action == "encrypt-string":
        return _strings(chosen, cfg, keyring)
    names = chosen.files or ["-"]
    given = vars(chosen).get("output")
    if given and len(names) > 1:
        raise UsageError("--output takes one input file")
    _refuse_unopened(action, keyring)
    writer = _writer(chosen, cfg, keyring) if action in ("create", "encrypt") else None
    new = None
    if action == "rekey":
        new = _named(chosen, cfg, keyring) if chosen.encrypt_vault_id else _new_identity(chosen)
    for name in names:
        if action == "create":
            _create(Path(name), writer)
        elif action == "encrypt":
            _encrypt(name, given, writer)
        elif action == "decrypt":
            _put(_opened(name, keyring)[0], given or name)
        elif action == "view":
            _put(_opened(name, keyring)[0], "-")
        elif action == "edit":
            asked = _named(chosen, cfg, keyring)
            _edit(name, keyring, asked)
        elif new is not None:
            _put(_sealed(_opened(name, keyring)[0], new), name)
    done = {"encrypt": "encrypted", "decrypt": "decrypted", "rekey": "encrypted anew"}.get(action)
    if done:
        print(done, file=sys.stderr)
    return ExitCode.OK


def _refuse_unopened(action: str, keyring: Keyring) -> None:
    if action in _NEW or keyring.identities:
        return
    from kplay.vault.sources import ASK, identities

    keyring.identities += identities([ASK], {})


def _writer(chosen: Namespace, cfg: AnsibleCfg, keyring: Keyring) -> Identity:
    """The identity to encrypt with; asks for a new password where none was named."""
    from kplay.vault.sources import new_password

    found = _named(chosen, cfg, keyring)
    if found is not None:
        return found
    labels = list(dict.fromkeys(one.label for one in keyring.identities))
    if len(labels) > 1:
        listed = ", ".join(f"`{one}`" for one in labels)
        raise UsageError(f"--encrypt-vault-id says which of {listed} encrypts")
    return keyring.identities[0] if keyring.identities else new_password()


def _named(chosen: Namespace, cfg: AnsibleCfg, keyring: Keyring) -> Identity | None:
    wanted = chosen.encrypt_vault_id or cfg.get("vault_encrypt_identity")
    if not wanted:
        return None
    known = [one.label for one in keyring.identities]
    if wanted not in known:
        listed = ", ".join(f"`{one}`" for one in known) or "none"
        raise UsageError(f"no password for the vault id `{wanted}`; known: {listed}")
    return keyring.identities[known.index(wanted)]


def _new_identity(chosen: Namespace) -> Identity:
    from kplay.vault.sources import identities, identity, new_password

    text = chosen.new_vault_id or chosen.new_vault_password_file
    if not text:
        return new_password()
    found = identity(text)
    if found.asks:
        return new_password(found.label)
    return identities([text], {})[0]


def _input(name: str) -> bytes:
    from kplay.vault import keeping

    if name != "-":
        return keeping.read(Path(name))
    if sys.stdin.isatty():
        print("reading standard input; Ctrl-D ends it", file=sys.stderr)
    return sys.stdin.buffer.read()


def _put(data: bytes, name: str) -> None:
    from kplay.vault import keeping

    if name != "-":
        keeping.write(Path(name), data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _sealed(data: bytes, writer: Identity) -> bytes:
    from kplay.vault import envelope

    return envelope.seal(data, writer.password(), writer.label).encode()


def _opened(name: str, keyring: Keyring) -> tuple[bytes, Identity]:
    from kplay.diagnostics import Diagnostic
    from kplay.errors import InputError
    from kplay.source import Span
    from kplay.vault.envelope import is_sealed

    data = _input(name)
    shown = "standard input" if name == "-" else f"`{name}`"
    if not is_sealed(data.lstrip()):
        raise InputError(Diagnostic("not-encrypted", f"{shown} is not encrypted", None))
    place = "<stdin>" if name == "-" else name
    return keyring.opened_by(data.decode("utf-8", "replace"), Span(place, 1, 1, 1, 2))


def _encrypt(name: str, output: str | None, writer: Identity | None) -> None:
    from kplay.diagnostics import Diagnostic
    from kplay.errors import InputError
    from kplay.vault.envelope import is_sealed

    data = _input(name)
    if is_sealed(data.lstrip()):
        shown = "standard input" if name == "-" else f"`{name}`"
        raise InputError(Diagnostic("already-encrypted", f"{shown} is encrypted already", None))
    if writer is not None:
        _put(_sealed(data, writer), output or name)


def _create(path: Path, writer: Identity | None) -> None:
    from kplay.vault import keeping

    if path.exists():
        raise UsageError(f"`{path}` is there already\n = help: `kplay vault edit` changes it")
    if writer is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        keeping.write(path, _sealed(keeping.edited(b"", path.name), writer))


def _edit(name: str, keyring: Keyring, asked: Identity | None) -> None:
    from kplay.vault import envelope, keeping

    before, opener = _opened(name, keyring)
    after = keeping.edited(before, Path(name).name)
    if after == before and asked in (None, opener):
        return
    label = envelope.parse(keeping.read(Path(name)).decode("utf-8", "replace")).label
    writer = asked or opener
    kept = writer.label if asked is not None else label
    keeping.write(Path(name), envelope.seal(after, writer.password(), kept).encode())


def _strings(chosen: Namespace, cfg: AnsibleCfg, keyring: Keyring) -> ExitCode:
    writer = _writer(chosen, cfg, keyring)
    made = []
    for name, text in _texts(chosen):
        sealed = _sealed(text, writer).decode()
        lines = [f"{name}: !vault |" if name else "!vault |"]
        made += [*lines, *(f"          {line}" for line in sealed.splitlines())]
    _put(("\n".join(made) + "\n").encode(), chosen.output or "-")
    return ExitCode.OK


def _texts(chosen: Namespace) -> list[tuple[str, bytes]]:
    """Names (or nothing) and texts, from the prompt, standard input and the command line."""
    from kplay import asking

    found: list[tuple[str, bytes]] = []
    words = [text for text in chosen.texts if text != "-"]
    if chosen.prompt:
        name = chosen.name[0] if chosen.name and not words else ""
        ask = asking.shown if chosen.show_input else asking.hidden
        name = name or asking.shown("Variable name (enter for no name): ")
        found.append((name, ask("String to encrypt: ").encode()))
    if chosen.stdin_name or "-" in chosen.texts or not (words or chosen.prompt):
        found.append((chosen.stdin_name or "", _input("-")))
    names = [*chosen.name, *[""] * len(words)]
    found += [(name, text.encode()) for name, text in zip(names, words, strict=False)]
    if any(not text for _, text in found):
        raise UsageError("an empty text is not encrypted")
    return found
