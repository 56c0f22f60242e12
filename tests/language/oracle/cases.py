"""A case is a folder: play.yml, what it needs beside it, and options.yml where it wants any."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent.parent
CASES = HERE / "cases"
RECORDED = HERE / "recorded"
INVENTORY = HERE / "inventory.ini"


@dataclass(frozen=True)
class Case:
    """One folder under cases/."""

    name: str
    folder: Path
    arguments: tuple[str, ...] = ()
    """More of the command line: the options that both programs spell alike; $CASE is the folder."""
    runs: int = 1
    """How often it is run in the same place."""
    timeout: int = 120
    root: bool = False
    """Whether it becomes other users."""

    @property
    def playbook(self) -> Path:
        return self.folder / "play.yml"

    @property
    def inventory(self) -> Path:
        for own in (self.folder / "inventory.ini", self.folder / "inventory" / "hosts.ini"):
            if own.is_file():
                return own
        return INVENTORY

    @property
    def record(self) -> Path:
        return RECORDED / f"{self.name}.json"

    def digest(self) -> str:
        """Changes with every byte that decides what either program does."""
        whole = hashlib.sha256(repr((self.arguments, self.runs)).encode())
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        for path in sorted({*files, self.inventory}):
            whole.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
        return whole.hexdigest()

    def command_line(self, place: Path) -> list[str]:
        """Inventory, variables, options and the playbook."""
        given = ["-i", str(self.inventory), "-e", f"place={place}"]
        more = [one.replace("$CASE", str(self.folder)) for one in self.arguments]
        return [*given, *more, str(self.playbook)]


def cases() -> list[Case]:
    """Every case, by name."""
    return list(_read())


def _read() -> Iterator[Case]:
    for playbook in sorted(CASES.glob("*/play.yml")):
        folder = playbook.parent
        chosen: dict[str, Any] = {}
        if (folder / "options.yml").is_file():
            chosen = yaml.safe_load((folder / "options.yml").read_text()) or {}
        arguments = tuple(map(str, chosen.pop("arguments", ())))
        yield Case(folder.name, folder, arguments, **chosen)


def prepare_place(place: Path) -> None:
    """The folder that a case may change: one folder for each host of the inventories."""
    for name in ("a", "b", "c", "d"):
        (place / name).mkdir(parents=True, exist_ok=True)


def end_state(place: Path) -> dict[str, list[str]]:
    """Kind, mode and content of everything in the place."""
    found: dict[str, list[str]] = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            found[name] = ["link", "", str(path.readlink())]
        elif path.is_dir():
            found[name] = ["directory", f"{path.stat().st_mode & 0o7777:04o}", ""]
        else:
            text = path.read_bytes().decode("utf-8", "backslashreplace")
            found[name] = ["file", f"{path.stat().st_mode & 0o7777:04o}", text]
    return found
