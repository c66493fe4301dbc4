"""The side of a live log that its readers see: what is kept."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from queenlib.errors import StoreFailed
from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord
from queenlib.registry.sofar import SoFar

TAIL = 256
"""The newest events of a live job, which its readers get from memory."""
PIECE = 64 * 2**10
"""Bytes of events that are put together; the last of them may go beyond it."""


class Piece(NamedTuple):
    """Events that follow one another, as a stream carries them; made once, for all readers who are at the same place."""

    after: int
    """The number before the first of them."""
    events: Sequence[Event]
    body: bytes


NOTHING = Piece(-1, (), b"")


class Shown:
    """What of a live log may be shown, and who wants to know when there is more."""

    def __init__(self, record: JobRecord) -> None:
        self.record = record
        """The job, as it is kept."""
        self.lost: StoreFailed | None = None
        """Why nothing more is kept of it, though it has not ended."""
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._piece = NOTHING
        self._told: set[Callable[[], None]] = set()

    @cached_property
    def so_far(self) -> SoFar:
        """What snapshots of it share."""
        return SoFar()

    def show(self, record: JobRecord, events: Sequence[Event]) -> None:
        """These events are kept, and so is the record that the log folds to with them."""
        self.record = record
        self._tail.extend(events)
        self._piece = NOTHING
        self.wake()

    def newest(self, after: int) -> list[Event] | None:
        """The events after number `after` that are kept, from memory; `None` where the store has to be asked."""
        if after == self.record.last_seq and self._tail:
            return []
        known = after + 1 - self._tail[0].seq if self._tail else -1
        return list(islice(self._tail, known, None)) if known >= 0 else None

    def piece(self, after: int) -> Piece | None:
        """The first of them, encoded; `None` where the store has to be asked."""
        if self._piece.after == after:
            return self._piece
        events = self.newest(after)
        if not events:
            return None if events is None else NOTHING
        self._piece = put_together(after, events)
        return self._piece

    def tell(self, told: Callable[[], None]) -> None:
        """Call this whenever there is something new to see, until it is given to `hush`. It raises nothing."""
        self._told.add(told)

    def hush(self, told: Callable[[], None]) -> None:
        """Call it no more."""
        self._told.discard(told)

    async def change(self) -> None:
        """Wait until there is something new to see."""
        changed = asyncio.Event()
        self.tell(changed.set)
        try:
            await changed.wait()
        finally:
            self.hush(changed.set)

    def lose(self, failure: StoreFailed) -> None:
        """Nothing more will be kept."""
        self.lost = failure
        self.wake()

    @property
    def complete(self) -> bool:
        """Whether no event comes after those that are kept."""
        return self.record.state.ended or self.lost is not None

    def over(self, seq: int) -> bool:
        """Whether the log has ended, with no event after number `seq`.

        Raises:
            StoreFailed: None will be kept: the store has failed.
        """
        if self.record.last_seq <= seq and self.lost is not None:
            raise self.lost.about_job(self.record.id)
        return self.record.last_seq <= seq and self.record.state.ended

    def wake(self) -> None:
        """There is something new to see."""
        for told in tuple(self._told):
            told()


def put_together(after: int, events: Iterable[Event]) -> Piece:
    """The first of these events, as many as a piece has."""
    taken, size = list[Event](), 0
    for event in events:
        taken.append(event)
        size += len(event.frame)
        if size >= PIECE:
            break
    return Piece(after, taken, b"".join([event.frame for event in taken]))
