"""The report on a terminal: lines scroll by, below them what each host is doing now."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console as RichConsole
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kplay.report.failure import title
from kplay.report.lines import Lines
from kplay.walk.events import HostLost, RunEnded, StepEnded, StepSent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.walk.events import Event, Place


class Console:
    """A listener that keeps a live area; use it inside ``running()``."""

    MOST = 12
    """Hosts shown at once in the live area."""

    def __init__(self, stream: TextIO, lines: Lines | None = None) -> None:
        """Draw on a terminal."""
        self._console = RichConsole(file=stream, highlight=False, soft_wrap=True)
        self._lines = lines or Lines()
        self._now: dict[str, tuple[Place, float]] = {}
        self._ended = 0
        self._live = Live(
            console=self._console,
            get_renderable=self._area,
            refresh_per_second=8,
            transient=True,
        )

    @contextmanager
    def running(self) -> Iterator[Console]:
        """Show the live area while the block runs; leave nothing of it behind."""
        with self._live:
            yield self

    def __call__(self, event: Event) -> None:
        """Print the lines of an event above the live area."""
        self._follow(event)
        for style, text in self._lines.of(event):
            self._console.print(Text(text, style=style))

    def _follow(self, event: Event) -> None:
        match event:
            case StepSent():
                self._now[event.place.host] = (event.place, time.monotonic())
            case StepEnded() if not event.place.item or event.loop:
                self._ended += 1
                if self._now.get(event.place.host, (None, 0.0))[0] is not None:
                    self._finish(event.place)
            case HostLost():
                self._now.pop(event.host, None)
            case RunEnded():
                self._now.clear()

    def _finish(self, place: Place) -> None:
        shown, _ = self._now[place.host]
        if shown.step.partition("#")[0] == place.step.partition("#")[0]:
            del self._now[place.host]

    def _area(self) -> Table:
        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for host, (place, since) in sorted(self._now.items())[: self.MOST]:
            seconds = f"{now - since:.0f} s"
            table.add_row(Text(host, style="bold"), Text(title(place)), Text(seconds, style="dim"))
        more = len(self._now) - self.MOST
        if more > 0:
            table.add_row("", Text(f"and {more} more hosts", style="dim"), "")
        table.add_row("", Text(f"{self._ended} steps ended", style="dim"), "")
        return table
