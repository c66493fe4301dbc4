"""Who reads logs now, so that a store is not closed under them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from queenlib.world import World

LAST_LOOK_S = 2.0
"""Seconds that readers have to see how their jobs ended, when the queen is closed."""


class Readers:
    """Counts them. Used on one event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._left = asyncio.Event()

    def come(self) -> None:
        """One more, until it leaves."""
        self.count += 1

    def leave(self) -> None:
        """One less."""
        self.count -= 1
        self._left.set()

    async def gone(self, world: World) -> None:
        """Wait until there are none; those who take their time are not waited for any longer than `LAST_LOOK_S`."""
        with suppress(TimeoutError):
            async with world.limit(LAST_LOOK_S):
                while self.count:
                    self._left.clear()
                    await self._left.wait()
