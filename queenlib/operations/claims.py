"""Which questions are being asked now: whoever has the same one waits for that answer, and asks nobody."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from queenlib.messages.row import RowData

FRESH = 4096
"""So many answers are remembered until they are in the store for certain: more than a batch may have on the way there."""


@dataclass
class Turn:
    """One's turn at a question."""

    answer: RowData | None = None
    """What another one was answered meanwhile; else what one was answered oneself, to be put here."""


@dataclass(eq=False)
class Asker:
    """One batch, and what the others were answered since it looked."""

    wanted: Collection[str] | None = None
    """The keys that it asks about; `None` while it does not know: then all are kept for it."""
    given: dict[str, RowData] = field(default_factory=dict)

    def hear(self, key: str, row: RowData) -> None:
        """Another one was answered."""
        if self.wanted is None or key in self.wanted:
            self.given[key] = row


class Claims:
    """The questions of all batches of one queen, by their keys."""

    def __init__(self) -> None:
        self._now: dict[str, asyncio.Future[RowData | None]] = {}
        self._askers = set[Asker]()
        self._fresh: OrderedDict[str, RowData] = OrderedDict()
        """The last that were answered: who looks in the store may not find them there yet."""

    @contextmanager
    def asker(self) -> Iterator[Asker]:
        """A batch, for as long as it asks; to be opened before it looks which answers there are."""
        asker = Asker(given=dict(self._fresh))
        self._askers.add(asker)
        try:
            yield asker
        finally:
            self._askers.discard(asker)

    def forget(self) -> None:
        """Jobs are removed: what they were answered is not remembered either."""
        self._fresh.clear()

    @asynccontextmanager
    async def turn(self, asker: Asker, key: str) -> AsyncIterator[Turn]:
        """What others were answered, or are while one waits for them; else one's own turn to ask.

        Args:
            asker: Who asks.
            key: That of the question; an empty one is nobody else's.
        """
        while (other := self._now.get(key)) is not None:
            await asyncio.wait({other})
        if (answer := asker.given.pop(key, None)) is not None:
            yield Turn(answer)
            return
        turn = Turn()
        if key:
            self._now[key] = asyncio.get_running_loop().create_future()
        try:
            yield turn
        finally:
            if key:
                self._told(asker, key, turn.answer)

    def _told(self, asker: Asker, key: str, answer: RowData | None) -> None:
        if answer is not None:
            self._fresh[key] = answer
            if len(self._fresh) > FRESH:
                self._fresh.popitem(last=False)
            for other in self._askers - {asker}:
                other.hear(key, answer)
        self._now.pop(key).set_result(answer)
