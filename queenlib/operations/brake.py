"""Stops a batch whose rows all fail alike: what is wrong is not with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from queenlib.messages.row import RowData
from queenlib.world import World

ALIKE = 20
"""So many failures of one kind in a row, and no answer between them, put it on."""
FIRST_S = 5.0
"""Seconds until one further row is tried; doubled each time, up to `LONGEST_S`."""
LONGEST_S = 60.0


class Brake:
    """Lets rows pass freely, or, once it is on, one at a time and after a while, until one of them is answered."""

    def __init__(self, world: World) -> None:
        self._world, self._turn = world, asyncio.Lock()
        self._alike, self._kind, self._said = 0, "", ""
        self._pause_s = FIRST_S

    @property
    def reason(self) -> str:
        """Why it is on; empty while it is not."""
        if self._alike < ALIKE:
            return ""
        return (
            f"{self._alike} rows in a row failed alike: {self._kind}: {self._said} One is tried every {self._pause_s:.0f} s"
        )

    def note(self, row: RowData) -> None:
        """A row was asked and has ended."""
        if row.error is None:
            self._alike, self._pause_s = 0, FIRST_S
            return
        self._alike = self._alike + 1 if row.error.kind == self._kind else 1
        self._kind, self._said = row.error.kind, row.error.what

    @asynccontextmanager
    async def row(self) -> AsyncIterator[None]:
        """While this is open, a row is asked."""
        if not self.reason:
            yield
            return
        async with self._turn:
            if self.reason:
                await self._world.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_S)
            yield
