"""The folder of a rehearsal: what every stage printed, and the journals of its runs."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from kplay.diagnostics import Diagnostic
from kplay.errors import InputError
from kplay.report.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from kplay.rehearsal.model import Screen
    from kplay.walk.events import Event, Listener


class Output:
    """Shows everything on a screen, and keeps it in a file of the stage that runs."""

    def __init__(self, directory: Path, screen: Screen) -> None:
        """Make the folder, closed to others: plans show what configuration files hold.

        Raises:
            InputError: it cannot be made.
        """
        self.directory = directory
        self.runs = directory / "runs"
        self._screen = screen
        self._file: TextIO | None = None
        try:
            self.runs.mkdir(parents=True, exist_ok=True, mode=0o700)
            directory.chmod(0o700)
        except OSError as error:
            message = f"cannot keep the output in `{directory}`: {error.strerror}"
            hint = ("give `--output` a directory that can be written",)
            raise InputError(Diagnostic("output-directory", message, None, help=hint)) from error

    @contextmanager
    def stage(self, name: str) -> Iterator[Path]:
        """Keep what is said inside the block in the stage's file."""
        path = self.directory / f"{name.replace(' ', '-')}.log"
        self._screen.stage(name)
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            self._file = file
            try:
                yield path
            finally:
                self._file = None

    def say(self, who: str, message: str) -> None:
        """A message of the lab."""
        self._keep(f"{who}: {message}")
        self._screen.say(who, message)

    def text(self, text: str, *, kept: str = "") -> None:
        """A text for the screen (none when empty), and a longer one for the file."""
        self._keep(kept or text)
        if text:
            self._screen.text(text)

    def data(self, name: str, data: dict[str, Any]) -> None:
        """A file of JSON beside the stage's own."""
        text = json.dumps(data, indent=2, default=str)
        (self.directory / name).write_text(text + "\n", encoding="utf-8")

    @contextmanager
    def listening(self, *also: Listener, planning: bool = False) -> Iterator[Listener]:
        """A listener that shows and keeps what a walk says, and tells others of it."""
        from kplay.report.lines import Lines

        assert self._file is not None  # noqa: S101 - walks run inside stage() alone
        kept = Plain(self._file, Lines(verbosity=1, diff=True, planning=planning, resumable=False))
        with self._screen.listening(planning=planning) as shown:
            listeners: list[Listener] = [*also, kept, shown]

            def listener(event: Event) -> None:
                for one in listeners:
                    one(event)

            yield listener

    def _keep(self, text: str) -> None:
        # A full disk must not keep a lab from being taken down
        with suppress(OSError):
            if self._file is not None:
                self._file.write(text + "\n")
                self._file.flush()
