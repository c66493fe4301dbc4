"""What carries the events of one job to the store: batch by batch, and shows each when it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord
from queenlib.registry.shown import Shown
from queenlib.registry.store import Store

Load = tuple[JobRecord, list[Event]]
"""What goes in one step: events, and the job that the whole log folds to with them."""


class Carrier:
    """Carries as long as there is something to carry, and begins again when it is told to.

    Args:
        store: Where to.
        tail: Where it is shown.
        take: What there is to carry by now; no events where there is nothing.
        failed: Told why the store could not keep something. Nothing more is carried then.
    """

    def __init__(self, store: Store, tail: Shown, take: Callable[[], Load], failed: Callable[[Exception], None]) -> None:
        self._store, self._tail, self._take, self._failed = store, tail, take, failed
        self._task: asyncio.Task[None] | None = None

    def go(self, *, at_once: bool = False) -> None:
        """Begin, unless it is under way: with all that this turn of the loop brings, or at once with what is there."""
        if self._task is None:
            given = self._begun() if at_once else None
            self._task = asyncio.create_task(self._carry(given), name=f"log {self._tail.record.id}")

    async def _carry(self, given: tuple[Load, Awaitable[None]] | None) -> None:
        given = given or self._give()
        while given is not None:
            load, kept = given
            try:
                await kept
            except Exception as error:  # noqa: BLE001 - whatever it is, the job's readers are told
                self._failed(error)
                break
            self._tail.show(*load)
            given = self._give()
        self._task = None

    def _begun(self) -> tuple[Load, Awaitable[None]] | None:
        """What is given at once is under way, though whoever carries it is ended before he has begun."""
        given = self._give()
        return given and (given[0], asyncio.ensure_future(given[1]))

    def _give(self) -> tuple[Load, Awaitable[None]] | None:
        load = self._take()
        return (load, self._store.append(*load)) if load[1] else None
