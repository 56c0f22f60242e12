"""What the lab itself puts on a host, in a layer below the one that the host writes to."""

from __future__ import annotations

import os
import shutil
import uuid
from typing import TYPE_CHECKING

from kplay.lab.commands import run
from kplay.lab.nspawn.base import USERS
from kplay.lab.nspawn.place import BESIDE

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.lab.nspawn.place import HostPlace, Place


def lab_keys(place: Place) -> None:
    """The lab's own login key and the password of ``ops``, made once."""
    import secrets

    if not place.key.exists():
        _keygen(place.key, f"kplay-lab-{place.lab}")
    if not place.password.exists():
        draft = place.password.with_name("ops-password.new")
        draft.write_text(secrets.token_urlsafe(12))
        draft.chmod(0o600)
        draft.replace(place.password)


def host_layer(place: Place, host: str, base: Path, *, cgroup_root: str, resolver: str) -> None:
    """Fill a host's ``given`` layer; the host must not be running.

    Args:
        place: the lab's files; its keys exist.
        host: the host's name, which becomes its hostname.
        base: the tree below, for the users' numbers and password file.
        cgroup_root: the cgroup that its kubelet is to live under.
        resolver: address of its name server, which refuses at once in an air-gapped lab.
    """
    files = place.host(host)
    for layer in (files.given, files.upper, files.work, files.root, files.disk):
        layer.mkdir(parents=True, exist_ok=True)
        layer.chmod(0o755)
    for path, mode in BESIDE.items():
        (files.disk / path.rpartition("/")[2]).mkdir(mode=mode, exist_ok=True)
    given = files.given
    if not (given / "etc/machine-id").exists():
        _write(given / "etc/machine-id", uuid.uuid4().hex + "\n")
    _write(given / "etc/hostname", f"{host}\n")
    _write(given / "etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{host}\n")
    _write(given / "etc/kplay-lab/cgroup-root", f"{cgroup_root}\n")
    # Without any name server CoreDNS ends with an error: it forwards to those of its host.
    _write(given / "etc/resolv.conf", f"nameserver {resolver}\n")
    key = given / "etc/ssh/ssh_host_ed25519_key"
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        _keygen(key, f"root@{host}")
    _passwords(base, files, place.password.read_text())
    for user in USERS:
        _authorize(base, given, user, place.key.with_suffix(".pub").read_text())


def host_key(files: HostPlace) -> str:
    """The public host key as known_hosts has it: type and key, or nothing while it has none."""
    path = files.given / "etc/ssh/ssh_host_ed25519_key.pub"
    written = path.read_text() if path.exists() else ""
    return " ".join(written.split()[:2])


def _keygen(path: Path, comment: str) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(draft)])
    draft.with_suffix(".new.pub").replace(path.with_suffix(".pub"))
    draft.replace(path)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _passwords(base: Path, files: HostPlace, password: str) -> None:
    """The base's password file with the hash of ``ops`` filled in (root's and kplay's locked)."""
    hashed = run(["openssl", "passwd", "-6", "-stdin"], stdin=password + "\n").strip()
    lines = []
    for line in (base / "etc/shadow").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == "ops":
            fields[1] = hashed
        lines.append(":".join(fields))
    target = files.given / "etc/shadow"
    _write(target, "\n".join(lines) + "\n", 0o640)
    owner = (base / "etc/shadow").stat()
    os.chown(target, owner.st_uid, owner.st_gid)


def _authorize(base: Path, given: Path, user: str, key: str) -> None:
    owner = (base / "home" / user).stat()
    home = given / "home" / user
    _write(home / ".ssh/authorized_keys", key, 0o600)
    (home / ".ssh").chmod(0o700)
    home.chmod(owner.st_mode & 0o7777)
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        shutil.chown(path, owner.st_uid, owner.st_gid)
