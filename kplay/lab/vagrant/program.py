"""Running the ``vagrant`` program, and saying what to install where it cannot work."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kplay.errors import CommandError, KplayError
from kplay.lab.commands import end, run
from kplay.lab.vagrant.messages import Message, parse
from kplay.lab.vagrant.place import Place, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kplay.lab.model import Lab

_VAGRANT = "install Vagrant 2.3 or later, on Debian: apt-get install vagrant"
_INSTALL = {
    "virtualbox": "install VirtualBox",
    "libvirt": "on Debian: apt-get install vagrant-libvirt libvirt-daemon-system qemu-system-x86"
    " qemu-utils; elsewhere libvirt, and: vagrant plugin install vagrant-libvirt",
    "vmware_desktop": "install VMware Workstation or Fusion, the Vagrant VMware utility, and:"
    " vagrant plugin install vagrant-vmware-desktop",
    "docker": "install Docker and have it running, on Debian: apt-get install docker.io",
    "lxc": "on Debian: apt-get install vagrant-lxc lxc sudo; elsewhere lxc, and:"
    " vagrant plugin install vagrant-lxc",
}
# Vagrant's own names of errors that mean that something is not installed.
_NOT_INSTALLED = {
    "Vagrant::Errors::ProviderNotFound",
    "Vagrant::Errors::ProviderNotUsable",
    "Vagrant::LXC::Errors::LxcNotInstalled",
}
_NO_SNAPSHOTS = "Vagrant::Errors::SnapshotNotSupported"
_LINES_SHOWN = 20
# Vagrant gives up waiting at once, but what it was making it takes down again.
_GRACE = 30.0


class Said(NamedTuple):
    """What a run of vagrant said: its messages, and the lines that were none."""

    messages: list[Message]
    rest: list[str]


class Vagrant(NamedTuple):
    """The program, told of one lab; ``provider`` is the one that the lab file names, or empty."""

    place: Place
    provider: str = ""

    def env(self) -> dict[str, str]:
        """The environment in which vagrant, and a plain ``vagrant`` of the user's, finds the lab."""
        return {
            **os.environ,
            "KPLAY_LAB": str(self.place.lab_file),
            "VAGRANT_CWD": str(folder()),
            "VAGRANT_DOTFILE_PATH": str(self.place.dotfiles),
            # Else each run asks the internet for a newer Vagrant.
            "VAGRANT_CHECKPOINT_DISABLE": "1",
        }

    def told(self, *arguments: str, heard: Callable[[Message], None] = lambda _: None) -> Said:
        """Run it with ``--machine-readable`` and return what it said.

        Args:
            arguments: the command and what belongs to it.
            heard: called with each message as it comes.

        Raises:
            KplayError: vagrant or what it needs is missing, or it failed.
        """
        argv = [_program(), *arguments, "--machine-readable"]
        said = Said([], [])
        with (
            tempfile.TemporaryFile("w+", errors="replace") as trouble,
            # In a session of its own: a Ctrl-C at the terminal reaches kplay alone.
            subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=trouble,
                text=True,
                errors="replace",
                env=self.env(),
                start_new_session=True,
            ) as process,
        ):
            try:
                _listen(process, said, heard)
                process.wait()
            except BaseException as error:
                _break_off(process, error)
                raise
            trouble.seek(0)
            said.rest.extend(trouble.read().splitlines())
        if process.returncode != 0:
            raise self._failure(arguments, process.returncode, said)
        return said

    def plain(self, *arguments: str, broken_off: threading.Event | None = None) -> str:
        """Run it without ``--machine-readable`` and return its standard output.

        Raises:
            KplayError: vagrant is missing.
            CommandError: it failed, or was ended because ``broken_off`` was set.
        """
        argv = [_program(), *arguments]
        return run(argv, timeout=300, env=self.env(), broken_off=broken_off)

    def _failure(self, arguments: Sequence[str], status: int, said: Said) -> KplayError:
        ends = [one for one in said.messages if one.kind == "error-exit"]
        if not ends:
            trouble = "\n".join([*(one.text for one in said.messages), *said.rest])
            return CommandError(["vagrant", *arguments], status, trouble)
        name, text = ends[-1].data[0], ends[-1].text
        if name == _NO_SNAPSHOTS:
            which = self.provider or "that Vagrant chose"
            return KplayError(
                f"the Vagrant provider `{which}` cannot take snapshots: {text.splitlines()[0]}"
            )
        lines = [f"`vagrant {' '.join(arguments)}` failed"]
        lines += [line.rstrip() for line in text.splitlines() if line.strip()][:_LINES_SHOWN]
        if name == "Vagrant::Errors::NoDefaultProvider":
            known = ", ".join(_INSTALL)
            lines.append(f" = help: name one under `vagrant: {{provider: …}}`; known: {known}")
        if name in _NOT_INSTALLED and self.provider in _INSTALL:
            lines.append(f" = help: {_INSTALL[self.provider]}")
        return KplayError("\n".join(lines))


def _listen(
    process: subprocess.Popen[str], said: Said, heard: Callable[[Message], None]
) -> None:
    assert process.stdout is not None  # noqa: S101 - PIPE was asked for
    for line in process.stdout:
        message = parse(line)
        if message is None:
            said.rest.append(line.rstrip())
        else:
            said.messages.append(message)
            heard(message)


def _break_off(process: subprocess.Popen[str], error: BaseException) -> None:
    """End vagrant as a Ctrl-C would: it finishes or undoes what it is at, a wait it gives up."""
    # Nobody listens any more, and it must not wait for that.
    threading.Thread(target=_drain, args=(process,), daemon=True).start()
    if not end(process, grace=_GRACE):
        error.add_note(
            f"vagrant was at work still after {_GRACE:.0f} s and was killed: something that its"
            " provider had begun may be left, which `kplay lab down` then cannot know of"
        )


def _drain(process: subprocess.Popen[str]) -> None:
    with suppress(OSError, ValueError):
        while process.stdout is not None and os.read(process.stdout.fileno(), 65536):
            pass


def _program() -> str:
    found = shutil.which("vagrant")
    if found is None:
        raise KplayError(
            f"the lab provider `vagrant` needs the program vagrant, which is not on PATH; {_VAGRANT}"
        )
    return found


def of_lab(lab: Lab) -> Vagrant:
    """The program, told of a lab."""
    provider = lab.vagrant.provider or os.environ.get("VAGRANT_DEFAULT_PROVIDER", "")
    return Vagrant(Place(lab.name), provider)
