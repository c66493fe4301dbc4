"""The streams that are open: one clock for all of them, and the end of all when the queen is not served any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from queenlib.world import World

BEAT_S = 10.0
"""Seconds without a byte after which a stream has sent a heartbeat."""
SEND_S = 30.0
"""Seconds in which a reader has to take something of what was sent to it."""
TICKS = 4
"""Looks at each stream in the time of a heartbeat."""


@dataclass(frozen=True)
class Pace:
    """How patient a queen is with those who read."""

    beat_s: float = BEAT_S
    """Seconds without a byte after which a stream has sent a heartbeat."""
    send_s: float = SEND_S
    """Seconds in which a reader has to take something of what was sent to it; one that is frozen is let go of then."""

    @property
    def tick_s(self) -> float:
        """Seconds between two looks at a stream."""
        return self.beat_s / TICKS

    @property
    def patience(self) -> int:
        """Looks in a row at which nothing may have left: not seconds, for a queen that stood still herself blames nobody."""
        return ceil(self.send_s / self.tick_s)


class Looked(Protocol):
    """A stream, as the clock sees it."""

    def look(self) -> None:
        """A look at it: it may be time for a heartbeat, or for the end of all patience."""
        ...

    def end(self) -> None:
        """End it in good order, without the job's end."""
        ...


class Streams:
    """Every stream of a queen."""

    def __init__(self, world: World, pace: Pace | None = None) -> None:
        self._world, self.pace = world, pace or Pace()
        self._open: set[Looked] = set()
        self._clock: asyncio.Task[None] | None = None
        self._ended = False

    def add(self, stream: Looked) -> None:
        """Look at a stream, until it is removed."""
        self._open.add(stream)
        if self._clock is None:
            self._clock = asyncio.create_task(self._look(), name="streams")
        if self._ended:
            stream.end()

    def remove(self, stream: Looked) -> None:
        """Look at it no more."""
        self._open.discard(stream)
        if not self._open and self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def end(self) -> None:
        """End each of them, those to come included."""
        self._ended = True
        for stream in tuple(self._open):
            stream.end()

    async def _look(self) -> None:
        while True:
            await self._world.sleep(self.pace.tick_s)
            for stream in tuple(self._open):
                stream.look()
