"""A world whose clock can be set forward: what is due by then happens at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from queenlib.world import World


@dataclass(frozen=True)
class Leaping(World):
    """The real world, until it leaps. For real processes, with which an event loop without real time cannot talk."""

    _ahead: list[float] = field(default_factory=lambda: [0.0])
    _limits: dict[asyncio.Timeout, None] = field(default_factory=dict)

    def monotonic(self) -> float:
        """The real clock, and all leaps."""
        return super().monotonic() + self._ahead[0]

    @asynccontextmanager
    async def limit(self, seconds: float | None) -> AsyncIterator[None]:
        """A limit that leaps shorten."""
        async with asyncio.timeout(seconds) as scope:
            self._limits[scope] = None
            try:
                yield
            finally:
                del self._limits[scope]

    async def leap(self, seconds: float) -> None:
        """Set the clock forward, and let those act whose time has come."""
        self._ahead[0] += seconds
        now = asyncio.get_running_loop().time()
        for scope in list(self._limits):
            if (when := scope.when()) is not None and not scope.expired():
                scope.reschedule(max(now, when - seconds))
        await asyncio.sleep(0.02)
