"""Stands for the program vagrant: keeps machines as files, tells what it was called with.

``DOUBLE_LOG`` gets a JSON line for each call; ``DOUBLE_FAIL`` names an error of Vagrant's to end
with. Machines are those of the lab file that KPLAY_LAB names, as the Vagrantfile would make them.
``DOUBLE_DEAD`` names a machine that never boots: ``up`` waits for it until it is interrupted, and
for ever with ``DOUBLE_DEAF``. With ``DOUBLE_MUTE`` no ``vagrant ssh`` ever ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import uuid
from pathlib import Path

import yaml

LAB = yaml.safe_load(Path(os.environ["KPLAY_LAB"]).read_text())
MACHINES = Path(os.environ["VAGRANT_DOTFILE_PATH"]) / "machines"
PROVIDER = LAB.get("vagrant", {}).get("provider", "virtualbox")


def say(target, kind, *data):
    escaped = [one.replace(",", "%!(VAGRANT_COMMA)").replace("\n", "\\n") for one in data]
    print(",".join(["1700000000", target, kind, *escaped]), flush=True)


def files(host):
    return MACHINES / host / PROVIDER


def state(host):
    place = files(host) / "state"
    return place.read_text() if place.is_file() else "not_created"


def up(host):
    if state(host) == "running":
        return
    place = files(host)
    if not (place / "id").is_file():
        place.mkdir(parents=True)
        say(host, "ui", "info", f"==> {host}: Importing base box 'kplay/debian-12'...")
        (place / "id").write_text(f"kplay-{host}")
        (place / "index_uuid").write_text(uuid.uuid4().hex)
    if host == os.environ.get("DOUBLE_DEAD"):
        wait_for_ever(host)
    print("a plugin's own words, in between")
    say(host, "ui", "detail", f"    {host}: SSH address: 192.0.2.1:22")
    say(host, "ui", "output", f"==> {host}: Machine booted and ready!")
    say(host, "ui", "info", f"==> {host}: Machine already provisioned. Run it,\n==> {host}: again")
    (place / "state").write_text("running")


def wait_for_ever(host):
    say(host, "ui", "info", f"==> {host}: Waiting for machine to boot...")
    interrupted = []
    deaf = "DOUBLE_DEAF" in os.environ
    signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else lambda *_: interrupted.append(1))
    (files(host) / "state").write_text("shutoff")
    (files(host) / "process").write_text(str(os.getpid()))
    while not interrupted:
        time.sleep(0.05)
    say(host, "ui", "warn", f"==> {host}: Waiting for cleanup before exiting...")
    sys.exit(1)


def destroy(host):
    say(host, "ui", "info", f"==> {host}: Destroying VM and associated drives...")
    for file in files(host).iterdir():
        file.unlink()


def ssh_config(host, number):
    if state(host) != "running":
        print("The provider for this Vagrant-managed machine is reporting", file=sys.stderr)
        sys.exit(1)
    port = 2222 + number + int(os.environ.get("DOUBLE_PORT_SHIFT", "0"))
    print(f"Host {host}\n  HostName 127.0.0.1\n  User vagrant\n  Port {port}")
    print(f'  IdentityFile "{files(host)}/private_key"\n  IdentityFile /other\n')


def main(command, *rest):
    rest = [one for one in rest if one != "--machine-readable"]
    if failure := os.environ.get("DOUBLE_FAIL"):
        name, _, text = failure.partition(": ")
        say("", "ui", "error", text)
        say("", "error-exit", name, text)
        sys.exit(1)
    hosts = list(LAB["hosts"])
    named = [one for one in rest if one in hosts] or hosts
    for host in named:
        if command == "up":
            up(host)
        elif command == "halt":
            (files(host) / "state").write_text("poweroff")
        elif command == "destroy" and state(host) != "not_created":
            destroy(host)
        elif command == "status":
            say(host, "state", state(host))
        elif command == "ssh-config":
            ssh_config(host, hosts.index(host))
        elif command == "ssh" and "DOUBLE_MUTE" in os.environ:
            (files(host) / "process").write_text(str(os.getpid()))
            time.sleep(1000)
        elif command == "ssh":
            print(f"ssh-ed25519 KEY-{(files(host) / 'index_uuid').read_text()} root@{host}\r")
        elif command == "snapshot" and rest[0] == "list":
            say(host, "ui", "output", f"==> {host}: ")
            for name in ("first", "second" if host == hosts[0] else "other", "third"):
                say(host, "ui", "detail", name)
    if command == "box" and rest[0] == "list":
        say("", "box-name", "kplay/debian-13")
        say("", "box-provider", "lxc")


with Path(os.environ["DOUBLE_LOG"]).open("a") as log:
    print(json.dumps({"argv": sys.argv[1:], "lab": os.environ["KPLAY_LAB"]}), file=log)
main(*sys.argv[1:])
