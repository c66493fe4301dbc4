"""What is to be written, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from queenlib.registry.sqlite.ledger import Ledger
from queenlib.world import World

WINDOW_S = 0.005
"""Where more comes while a commit runs, the next one waits for so long after the first of it; else not at all."""
BATCH = 4096
"""Deeds in one transaction at most."""


@dataclass(eq=False)
class Deed:
    """Something to write, and who waits for it."""

    do: Callable[[Ledger], Any]
    """Writes it; raises a `QueenError` before it has written anything, or nothing."""
    patient: bool = False
    """Whether it waits on while another program has the database: nobody can do it again."""
    vital: bool = False
    """Whether it may use the reserve: the end of a job, and what makes room."""
    relaxed: bool = False
    """Whether it need not be on the disk at once, if the store is told so."""
    scrub: bool = False
    """Whether nothing of what it removes may be left in any file."""
    answer: Any = None
    error: Exception | None = None
    at: float = 0.0
    """When it came, on the world's monotonic clock, in seconds."""
    future: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self) -> None:
        """Give the answer, on the loop of the one who waits."""
        if not self.future.done():
            if self.error is None:
                self.future.set_result(self.answer)
            else:
                self.future.set_exception(self.error)


class Inbox:
    """Where deeds wait for the writer; filled from any thread, emptied by one."""

    def __init__(self, world: World) -> None:
        self.closed = False
        """Whether the last deed was taken, and none comes any more."""
        self._world = world
        self._deeds: SimpleQueue[Deed | None] = SimpleQueue()
        self._crowded = False

    def put(self, deed: Deed) -> None:
        """One more."""
        deed.at = self._world.monotonic()
        self._deeds.put(deed)

    def close(self) -> None:
        """No more."""
        self._deeds.put(None)

    def gather(self) -> list[Deed]:
        """What there is to write next; waits for it. Empty only at the very end."""
        batch: list[Deed] = []
        self._take(batch, None)
        self.drain(batch)
        if self._crowded and batch:
            while (left := batch[0].at + WINDOW_S - self._world.monotonic()) > 0 and self._take(batch, left):
                pass
        return batch

    def drain(self, batch: list[Deed]) -> list[Deed]:
        """Add all that is there to a batch; what was added."""
        known = len(batch)
        while self._take(batch, 0.0):
            pass
        return batch[known:]

    def look(self) -> None:
        """To be called after a commit: whether somebody came meanwhile says whether the next one is worth a wait."""
        self._crowded = not self._deeds.empty()

    def _take(self, batch: list[Deed], wait_s: float | None) -> bool:
        """One more, if it comes in time."""
        if len(batch) >= BATCH or self.closed:
            return False
        try:
            deed = self._deeds.get_nowait() if wait_s == 0 else self._deeds.get(timeout=wait_s)
        except Empty:
            return False
        if deed is None:
            self.closed = True
            return False
        batch.append(deed)
        return True


def answer(deeds: Iterable[Deed]) -> None:
    """Tell those who wait, each loop in one call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Deed]] = {}
    for deed in deeds:
        by_loop.setdefault(deed.future.get_loop(), []).append(deed)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # it is closed: nobody waits
            loop.call_soon_threadsafe(_tell, theirs)


def _tell(deeds: Iterable[Deed]) -> None:
    for deed in deeds:
        deed.tell()
