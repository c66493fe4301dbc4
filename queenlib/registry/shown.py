"""The side of a live log that its readers see: what is kept."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice

from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord

TAIL = 256
"""The newest events of a live job, which its readers get from memory."""


class Shown:
    """What of a live log may be shown, and where those wait who have seen all of it."""

    def __init__(self, record: JobRecord) -> None:
        self.record = record
        """The job, as it is kept."""
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._changed = asyncio.Event()

    def show(self, record: JobRecord, events: Sequence[Event]) -> None:
        """These events are kept, and so is the record that the log folds to with them."""
        self.record = record
        self._tail.extend(events)
        self.wake()

    def newest(self, after: int) -> list[Event] | None:
        """The events after number `after` that are kept, from memory; `None` where the store has to be asked."""
        known = after + 1 - self._tail[0].seq if self._tail else -1
        return list(islice(self._tail, known, None)) if known >= 0 else None

    async def change(self) -> None:
        """Wait until there is something new to see."""
        await self._changed.wait()

    def wake(self) -> None:
        """There is something new to see."""
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()
