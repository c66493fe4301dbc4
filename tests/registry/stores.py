"""Stores that have troubles, as real ones do: they take their time, or their disk is full."""

import asyncio
from collections.abc import Sequence

from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord
from queenlib.registry.memory import MemoryStore


class SlowStore(MemoryStore):
    """Takes its time to write."""

    def __init__(self, write_s: float = 0.02) -> None:
        super().__init__()
        self.write_s = write_s

    async def create(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Take a while, write, and take a while to say so."""
        await asyncio.sleep(self.write_s / 2)
        await super().create(record, events)
        await asyncio.sleep(self.write_s / 2)

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Take a while, then write."""
        await asyncio.sleep(self.write_s)
        await super().append(record, events)


class FullStore(SlowStore):
    """Can write so many events more; then its disk is full, until there is room again.

    Args:
        room: Events that it can still write.
        reserve: Ends of jobs that it can write when there is no room any more.
    """

    def __init__(self, room: int, reserve: int = 0) -> None:
        super().__init__(0.001)
        self.room, self.reserve = room, reserve
        self.tried = 0

    async def create(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Write, if there is room."""
        self._use(events)
        await super().create(record, events)

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Write, if there is room."""
        await asyncio.sleep(self.write_s)
        self._use(events)
        await super().append(record, events)

    def _use(self, events: Sequence[Event]) -> None:
        self.tried += 1
        if len(events) <= self.room:
            self.room -= len(events)
        elif self.reserve and [event.type for event in events] == ["end"]:
            self.reserve -= 1
        else:
            self.room = 0
            raise OSError(28, "No space left on device")
