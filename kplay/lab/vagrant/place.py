"""Where a lab of Vagrant machines keeps its files: one directory a lab, of the user that made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kplay.errors import KplayError
from kplay.lab.standing import vagrant_root

_PACKAGE = Path(__file__).resolve().parents[2]
# In a checkout, and in an installed wheel.
_FOLDERS = (_PACKAGE.parent / "vagrant", _PACKAGE / "data/vagrant")


def folder() -> Path:
    """The folder of the Vagrantfile.

    Raises:
        KplayError: this installation has none.
    """
    for one in _FOLDERS:
        if (one / "Vagrantfile").is_file():
            return one
    raise KplayError(f"there is no Vagrantfile in {' or '.join(str(one) for one in _FOLDERS)}")


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one lab."""

    lab: str

    @property
    def path(self) -> Path:
        """The lab's own directory, closed to others."""
        return vagrant_root() / self.lab

    @property
    def lab_file(self) -> Path:
        """The lab file as it was last brought up: what the Vagrantfile reads."""
        return self.path / "lab.yml"

    @property
    def inventory(self) -> Path:
        """The lab's inventory."""
        return self.path / "inventory.yml"

    @property
    def known_hosts(self) -> Path:
        """The pinned host keys."""
        return self.path / "known_hosts"

    @property
    def pins(self) -> Path:
        """Which machine each pinned host key is of, as JSON."""
        return self.path / "pins.json"

    @property
    def dotfiles(self) -> Path:
        """What Vagrant keeps of the machines, their login keys among it."""
        return self.path / "vagrant"

    @property
    def faults(self) -> Path:
        """Which hosts were given faults, as JSON."""
        return self.path / "faults.json"

    def machine(self, host: str, provider: str) -> str:
        """What its Vagrant provider calls the machine of a host that was made."""
        return (self.dotfiles / "machines" / host / provider / "id").read_text().strip()

    def made(self) -> dict[str, tuple[str, str]]:
        """From every machine there is to its Vagrant provider and its identity.

        A machine that is destroyed and made again has another identity.
        """
        found = {}
        for file in sorted(self.dotfiles.glob("machines/*/*/id")):
            if file.stat().st_size:
                index = file.with_name("index_uuid")
                identity = (index if index.is_file() else file).read_text().strip()
                found[file.parents[1].name] = (file.parent.name, identity)
        return found
