"""Progress in bytes or tokens: bars on a terminal; elsewhere a line now and then."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from queenlib import tables
from queenlib.messages import events
from queenlib.world import World

LONG_PROMPT = 1000
"""Tokens from which on it is shown how far the reading of a prompt has come."""
LONGEST_NAME = 32
"""Characters that a bar's name may have."""
LINE_EVERY_S = 5.0
"""Where there is no terminal, seconds between two lines about the same progress."""


def worth_it(data: events.Progress) -> bool:
    """What takes long. A load is told by its log: there is nothing between its beginning and its end."""
    if data.unit == "tokens":
        return (data.total or 0) >= LONG_PROMPT
    return data.unit == "bytes" and not data.what.startswith("load ")


class Bars:
    """How far things have come, on one console.

    Args:
        console: What is not interactive gets lines.
        world: Whose clock spaces the lines.
    """

    def __init__(self, console: Console, world: World) -> None:
        self._console, self._world = console, world
        self._bar: Progress | None = None
        self._unit = ""
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}

    def show(self, data: events.Progress) -> None:
        """Show how far it has come now."""
        if self._console.is_interactive:
            self._draw(data)
        else:
            self._say(data)

    def close(self) -> None:
        """Leave the bars as they are; what comes next is below them."""
        if self._bar is not None:
            self._bar.stop()
            self._bar, self._tasks = None, {}

    def _draw(self, data: events.Progress) -> None:
        if data.unit != self._unit:
            self.close()
        if self._bar is None:
            self._unit = data.unit
            self._bar = Progress(*_columns(data), console=self._console)
            self._bar.start()
        what = _short(tables.plain(data.what))
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=data.total)
        self._bar.update(self._tasks[what], completed=data.done, total=data.total)

    def _say(self, data: events.Progress) -> None:
        now = self._world.monotonic()
        since = self._said.setdefault(data.what, now)
        if data.done == data.total or now - since >= LINE_EVERY_S:
            self._said[data.what] = now
            done, total = _amount(data.done, data.unit), _amount(data.total, data.unit) or "?"
            self._console.print(f"· {tables.plain(data.what)}: {done} of {total}", style="dim")


def _short(what: str) -> str:
    """What is under way, short enough to leave room for its bar: of a long name its end, which tells files apart."""
    verb, _, name = what.partition(" ")
    return what if len(what) <= LONGEST_NAME else f"{verb} …{name[len(verb) + 2 - LONGEST_NAME :]}"


def _columns(data: events.Progress) -> tuple[ProgressColumn, ...]:
    first = TextColumn("· {task.description}", markup=False), BarColumn()
    if data.unit == "bytes":
        return *first, DownloadColumn(), TransferSpeedColumn()
    return *first, MofNCompleteColumn(), TextColumn(data.unit)


def _amount(count: int | None, unit: str) -> str:
    if count is None:
        return ""
    return tables.size(count) if unit == "bytes" else f"{count:,} {unit}"
