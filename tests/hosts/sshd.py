"""sshd servers on the loopback, with a key and a known_hosts file of their own."""

from __future__ import annotations

import getpass
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

from kplay.transport.base import Settings
from kplay.transport.connect import connect
from kplay.transport.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from kplay.transport.base import Connection


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Server:
    """One sshd as a child process."""

    def __init__(self, place: Path, user_key: Path, options: tuple[str, ...] = ()) -> None:
        self.place = place
        place.mkdir()
        self.port = free_port()
        self.host_key = place / "host_key"
        keygen(self.host_key)
        (place / "authorized_keys").write_text(user_key.with_suffix(".pub").read_text())
        lines = [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {place}/authorized_keys", f"PidFile {place}/pid",
            "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
            "KbdInteractiveAuthentication no", "UsePAM no", *options,
        ]  # fmt: skip
        (place / "config").write_text("\n".join(lines) + "\n")
        self.log = (place / "log").open("wb")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", str(place / "config")], stderr=self.log
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return

    @property
    def public(self) -> str:
        kind, key = self.host_key.with_suffix(".pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def fingerprint(self) -> str:
        argv = ["ssh-keygen", "-lf", str(self.host_key)]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[1]

    def logins(self) -> int:
        return (self.place / "log").read_text().count("Accepted publickey")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()


def keygen(path: Path, passphrase: str = "") -> None:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(argv, check=True)


class Place:
    """A user key, a known_hosts file, servers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.key = directory / "id"
        keygen(self.key)
        self.known_hosts = directory / "known_hosts"
        self.known_hosts.write_text("")
        self.config = directory / "ssh_config"
        self.config.write_text("")
        self.servers: list[Server] = []
        self.open: list[Connection] = []

    def server(self, *options: str, known: bool = True) -> Server:
        made = Server(self.directory / f"sshd-{len(self.servers)}", self.key, options)
        self.servers.append(made)
        if known:
            self.trust(made.public)
        return made

    def trust(self, line: str) -> None:
        self.known_hosts.write_text(self.known_hosts.read_text() + line)

    def target(self, server: Server, **variables: Any) -> Target:
        return Target.from_variables(
            "h1",
            {
                "ansible_host": "127.0.0.1",
                "ansible_port": server.port,
                "ansible_user": getpass.getuser(),
                "ansible_ssh_private_key_file": str(self.key),
                "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.known_hosts}",
                **variables,
            },
        )

    def connect(self, target: Target, **settings: Any) -> Connection:
        made = connect(target, Settings(ssh_config=self.config, timeout=5, **settings))
        self.open.append(made)
        return made
