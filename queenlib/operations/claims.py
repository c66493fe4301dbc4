"""Which questions are being asked now: whoever has the same one waits for that answer, and asks nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from queenlib.messages.row import RowData


@dataclass
class Turn:
    """One's turn at a question."""

    answer: RowData | None = None
    """What another one was answered meanwhile; else what one was answered oneself, to be put here."""


class Claims:
    """The questions of all batches of one queen, by their keys."""

    def __init__(self) -> None:
        self._now: dict[str, asyncio.Future[RowData | None]] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[Turn]:
        """Wait for who asks this now, if anybody does; with what they were answered, or with one's own turn to ask.

        Args:
            key: That of the question; an empty one is nobody else's.
        """
        while (other := self._now.get(key)) is not None:
            if (answer := await asyncio.shield(other)) is not None:
                yield Turn(answer)
                return
        turn, mine = Turn(), asyncio.get_running_loop().create_future()
        if key:
            self._now[key] = mine
        try:
            yield turn
        finally:
            if key:
                del self._now[key]
            mine.set_result(turn.answer)
