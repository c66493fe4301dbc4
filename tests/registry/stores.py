"""Stores that have troubles, as real ones do: they take their time, or their disk is full."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from queenlib.messages.base import Operation
from queenlib.messages.events import Event
from queenlib.messages.job import USUAL, JobRecord, Terms
from queenlib.registry.log import JobLog
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.store import NOTHING, Store
from queenlib.world import World


class Named(World):
    """A world in which every job is called `job-a`."""

    def new_id(self, kind: str) -> str:
        """That."""
        return f"{kind}-a"


def log_of_one(operation: Operation, store: Store, terms: Terms = USUAL) -> JobLog:
    """The log of a new job, `job-a`."""
    return JobLog.new(operation, terms, store, Named())


class SlowStore(MemoryStore):
    """Takes its time to write."""

    def __init__(self, write_s: float = 0.02, memory: Memory | None = None) -> None:
        super().__init__(memory)
        self.write_s = write_s
        self.written = 0
        """How often something was added to a log."""

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """Take a while, write, and take a while to say so."""
        await asyncio.sleep(self.write_s / 2)
        created = await super().create(record, events, digest, beside)
        await asyncio.sleep(self.write_s / 2)
        return created

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Take a while, then write."""
        await asyncio.sleep(self.write_s)
        await super().append(record, events)
        self.written += 1


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

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """Write, if there is room."""
        self._use(events)
        return await super().create(record, events, digest, beside)

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
