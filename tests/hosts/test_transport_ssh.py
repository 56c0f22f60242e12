"""kplay's SSH against real sshd servers on the loopback, made for these tests."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from sshd import Place, Server, free_port, keygen

from kplay.errors import UnreachableError
from kplay.transport import base
from kplay.transport.base import Settings
from kplay.transport.ssh import dial

if TYPE_CHECKING:
    from kplay.transport.base import Connection

pytestmark = pytest.mark.hosts


def test_a_known_host_runs_programs(place: Place) -> None:
    connection = place.connect(place.target(place.server()))
    done = connection.run("cat; echo err >&2; exit 3", b"in")
    assert done == base.Completed(3, "in", "err\n")


def test_an_unknown_host_is_refused_with_its_fingerprint(place: Place) -> None:
    server = place.server(known=False)
    with pytest.raises(base.HostKeyError) as caught:
        place.connect(place.target(server))
    assert server.fingerprint() in str(caught.value)
    assert "--accept-new-host-keys" in str(caught.value)
    assert place.known_hosts.read_text() == ""


@pytest.mark.parametrize("how", ["flag", "option"])
def test_a_new_key_is_accepted_when_asked_for_and_then_pinned(place: Place, how: str) -> None:
    server = place.server(known=False)
    extra = {"ansible_ssh_extra_args": "-o StrictHostKeyChecking=accept-new"}
    target = place.target(server, **(extra if how == "option" else {}))
    place.connect(target, accept_new_host_keys=how == "flag")
    assert place.known_hosts.read_text() == server.public
    place.connect(place.target(server))


@pytest.mark.parametrize("extra", ["", "-o StrictHostKeyChecking=accept-new"])
def test_a_changed_key_is_refused_loudly(place: Place, extra: str) -> None:
    server, other = place.server(known=False), place.server(known=False)
    place.trust("# mine\n" + other.public.replace(str(other.port), str(server.port)))
    with pytest.raises(base.HostKeyError) as caught:
        place.connect(place.target(server, ansible_ssh_extra_args=extra))
    text = str(caught.value)
    assert "HAS CHANGED" in text
    assert server.fingerprint() in text
    assert other.fingerprint() in text
    assert f"{place.known_hosts}:2" in text


def test_hashed_names_are_known(place: Place) -> None:
    server = place.server()
    subprocess.run(["ssh-keygen", "-H", "-f", place.known_hosts], check=True, capture_output=True)
    assert place.known_hosts.read_text().startswith("|1|")
    place.connect(place.target(server))


def test_a_revoked_key_is_refused(place: Place) -> None:
    server = place.server()
    place.trust("@revoked " + server.public)
    with pytest.raises(base.HostKeyError, match="revoked"):
        place.connect(place.target(server))


def jump_config(place: Place, bastion: Server, key: bool = True) -> str:
    text = f"Host bastion\n  HostName 127.0.0.1\n  Port {bastion.port}\n"
    text += f"  IdentityFile {place.key}\n" if key else ""
    place.config.write_text(text)
    return "-o ProxyJump=bastion"


def test_a_jump_goes_through_a_verified_bastion_once_for_all_hosts(place: Place) -> None:
    bastion, server = place.server(), place.server("MaxStartups 50")
    target = place.target(server, ansible_ssh_extra_args=jump_config(place, bastion))
    seconds: list[Connection] = []
    threads = [
        threading.Thread(target=lambda: seconds.append(place.connect(target))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.run("echo hi").stdout for one in seconds] == ["hi\n"] * 4
    assert bastion.logins() == 1
    assert server.logins() == 4
    for one in seconds:
        one.close()
    place.open.clear()
    assert not dial._bastions


def test_a_bastion_whose_key_is_not_known_is_refused(place: Place) -> None:
    bastion, server = place.server(known=False), place.server()
    target = place.target(server, ansible_ssh_extra_args=jump_config(place, bastion))
    with pytest.raises(base.HostKeyError, match="bastion"):
        place.connect(target)
    assert not dial._bastions


def test_hops_are_visited_in_the_order_that_ssh_has(place: Place) -> None:
    first, second, server = place.server(), place.server(), place.server()
    text = ""
    for name, hop in (("first", first), ("second", second)):
        text += f"Host {name}\n  HostName 127.0.0.1\n  Port {hop.port}\n"
        text += f"  IdentityFile {place.key}\n"
    place.config.write_text(text)
    connection = place.connect(place.target(server, ansible_ssh_extra_args="-J first,second"))
    assert connection.run("echo hi").stdout == "hi\n"
    log = (first.place / "log").read_text()
    assert (first.logins(), second.logins(), server.logins()) == (1, 1, 1), log
    from kplay.transport.ssh.route import route

    hop = route(
        place.target(server, ansible_ssh_extra_args="-J first,second"),
        Settings(ssh_config=place.config),
    )
    assert hop.via is not None
    assert (hop.via.port, hop.first.port) == (second.port, first.port)


def test_a_proxy_command(place: Place) -> None:
    server = place.server()
    script = place.directory / "proxy.py"
    script.write_text(
        "import socket,sys,os,threading\n"
        "s=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n"
        "def up():\n"
        "  while True:\n"
        "    d=os.read(0,65536)\n"
        "    if not d: os._exit(0)\n"
        "    s.sendall(d)\n"
        "threading.Thread(target=up,daemon=True).start()\n"
        "while True:\n"
        "  d=s.recv(65536)\n"
        "  if not d: break\n"
        "  os.write(1,d)\n"
    )
    extra = f"-o ProxyCommand='python3 {script} %h %p'"
    connection = place.connect(place.target(server, ansible_ssh_extra_args=extra))
    assert connection.run("echo hi").stdout == "hi\n"


def test_a_refused_key_names_what_was_tried(place: Place) -> None:
    server = place.server()
    (server.place / "authorized_keys").write_text("")
    with pytest.raises(base.AuthenticationError) as caught:
        place.connect(place.target(server))
    assert f"publickey ({place.key})" in str(caught.value)
    assert "the host takes publickey" in str(caught.value)


def test_a_key_with_a_passphrase_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    server = place.server()
    locked = place.directory / "locked"
    keygen(locked, "secret phrase")
    target = place.target(server, ansible_ssh_private_key_file=str(locked))
    with pytest.raises(base.AuthenticationError, match="protected by a passphrase"):
        place.connect(target)


def test_a_missing_key_file_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    target = place.target(place.server(), ansible_ssh_private_key_file="/nope/key")
    with pytest.raises(base.AuthenticationError, match="/nope/key does not exist"):
        place.connect(target)


def test_a_name_without_address(place: Place) -> None:
    target = place.target(place.server(), ansible_host="no-such-host.invalid")
    with pytest.raises(base.ResolveError, match=r"no-such-host\.invalid"):
        place.connect(target)


def test_a_port_where_nothing_listens(place: Place) -> None:
    with pytest.raises(base.RefusedError, match="refuses the connection"):
        place.connect(place.target(place.server(), ansible_port=free_port()))


def test_a_host_that_says_nothing_ends_in_time(place: Place) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        target = place.target(
            place.server(), ansible_port=silent.getsockname()[1], ansible_ssh_timeout=1
        )
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            place.connect(target, retries=1)
        assert time.monotonic() - began < 6


def test_a_server_that_drops_connections_is_tried_again(place: Place) -> None:
    server = place.server()
    with socket.socket() as flaky:
        flaky.bind(("127.0.0.1", 0))
        flaky.listen()
        port = flaky.getsockname()[1]
        place.trust(server.public.replace(str(server.port), str(port)))

        def serve() -> None:
            for _ in range(2):
                flaky.accept()[0].close()
            near = flaky.accept()[0]
            far = socket.create_connection(("127.0.0.1", server.port))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        connection = place.connect(place.target(server, ansible_port=port))
        assert connection.run("echo hi").stdout == "hi\n"
        connection.close()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return
    finally:
        source.close()


def test_a_burst_of_connections_to_one_server(place: Place) -> None:
    server = place.server()
    done: list[str] = []

    def work() -> None:
        connection = place.connect(place.target(server))
        done.append(connection.run("echo hi").stdout)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    place.open.clear()
    assert done == ["hi\n"] * 24


def test_openssh_refuses_an_unknown_host(place: Place) -> None:
    target = place.target(place.server(known=False), ansible_ssh_transport="openssh")
    with pytest.raises(base.HostKeyError):
        place.connect(target)


def test_openssh_names_a_refused_connection(place: Place) -> None:
    target = place.target(place.server(), ansible_ssh_transport="openssh", ansible_port=free_port())
    with pytest.raises(base.RefusedError):
        place.connect(target)
