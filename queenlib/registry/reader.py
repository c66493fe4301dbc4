"""One who follows the logs of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from queenlib.messages.events import Event
from queenlib.registry.cursor import Cursor
from queenlib.registry.readers import Readers


class Reader:
    """A cursor in the log of each job that is followed; nothing is queued for it.

    Args:
        cursors: One for each job.
        readers: Where it is counted while it reads.
    """

    __slots__ = ("_readers", "cursors")

    def __init__(self, cursors: Sequence[Cursor], readers: Readers) -> None:
        self.cursors, self._readers = cursors, readers

    @property
    def over(self) -> bool:
        """Whether nothing comes any more."""
        return all(cursor.over for cursor in self.cursors)

    @property
    def complete(self) -> bool:
        """Whether no event comes after those that are there."""
        return all(cursor.complete for cursor in self.cursors)

    async def look(self) -> None:
        """Have what comes next at hand where it has to come from the store: what speaks against it is raised here."""
        for cursor in self.cursors:
            await cursor.look()

    def open(self, told: Callable[[], None]) -> None:
        """It reads from now on: count it, and call `told` when there is more to take, until `close`."""
        self._readers.come()
        for cursor in self.cursors:
            cursor.tell(told)

    def close(self, told: Callable[[], None]) -> None:
        """It reads no more."""
        for cursor in self.cursors:
            cursor.hush(told)
        self._readers.leave()

    async def events(self) -> AsyncGenerator[Event]:
        """The events of all of them, those to come included, up to the end of each; in each log in order.

        Raises:
            StoreFailed: What comes next cannot be read, or could not be kept.
        """
        news = asyncio.Event()
        self.open(news.set)
        try:
            while not self.over:
                news.clear()  # first: what comes from here on is found below, or sets it again
                still = True
                for cursor in self.cursors:
                    for event in () if cursor.over else await _next(cursor):
                        still = False
                        cursor.take(event)
                        yield event
                if still and not self.over:
                    await news.wait()
        finally:
            self.close(news.set)


async def _next(cursor: Cursor) -> Sequence[Event]:
    events = cursor.newest()
    return await cursor.older() if events is None else events
