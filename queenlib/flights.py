"""Single flight: work that several jobs wait for is done once, and each of them sees all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from typing import Generic, TypeVar

Item = TypeVar("Item")
Procedure = Callable[[], AsyncGenerator[Item, None]]
"""Makes an async generator that yields what happens and, last, what came of it."""


class _Flight(Generic[Item]):
    """One piece of work under way: what it has yielded so far, who waits, how it ended."""

    def __init__(self, procedure: Procedure[Item]) -> None:
        self.seen: list[Item] = []
        self.waiters = 0
        self.abandoned = False
        self.ended = False
        self.changed = asyncio.Condition()
        self.task = asyncio.create_task(self._fly(procedure))

    async def _fly(self, procedure: Procedure[Item]) -> None:
        try:
            async with aclosing(procedure()) as steps:
                async for item in steps:
                    self.seen.append(item)
                    await self._wake()
        finally:
            self.ended = True
            await self._wake()

    async def more_than(self, seen: int) -> None:
        """Wait until there are more than `seen` items or the work has ended."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.ended or len(self.seen) > seen)

    async def _wake(self) -> None:
        async with self.changed:
            self.changed.notify_all()


class Flights(Generic[Item]):
    """The flights under way, by key.

    A waiter joins the flight of its key or starts it, and sees everything from its beginning. A waiter that leaves takes
    nothing from the others; when the last one leaves, the work is cancelled and has ended before `join` is left.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[Item]] = {}

    def waiters(self, key: Hashable) -> int:
        """How many wait for `key` now."""
        flight = self._flights.get(key)
        return flight.waiters if flight else 0

    async def join(self, key: Hashable, procedure: Procedure[Item]) -> AsyncGenerator[Item, None]:
        """Everything that the flight of `key` yields, from its beginning; started by `procedure` if there is none.

        Raises:
            Exception: What the work raised, to each of its waiters.
        """
        flight = self._flights.get(key)
        while flight is not None and flight.abandoned:  # never two of the same work at once
            await asyncio.wait({flight.task})
            flight = self._flights.get(key)
        if flight is None or flight.ended:  # what has ended says how things were, not how they are
            flight = self._start(key, procedure)
        flight.waiters += 1
        try:
            seen = 0
            while True:
                while seen < len(flight.seen):
                    seen += 1
                    yield flight.seen[seen - 1]
                if flight.ended:
                    break
                await flight.more_than(seen)
            await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.waiters == 0 and not flight.ended:
                flight.abandoned = True
                flight.task.cancel()
                await asyncio.wait({flight.task})

    def _start(self, key: Hashable, procedure: Procedure[Item]) -> _Flight[Item]:
        flight = self._flights[key] = _Flight(procedure)

        def land(task: asyncio.Task[None]) -> None:
            if self._flights.get(key) is flight:
                del self._flights[key]
            if not task.cancelled():
                task.exception()  # every waiter raises it; asyncio must not report it as forgotten

        flight.task.add_done_callback(land)
        return flight
