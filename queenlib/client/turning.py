"""Keeps a loop turning while somebody on it waits for another thread.

A signal may reach any thread, and Python acts on it in the main thread when that one next does something. A loop that waits
for another thread does nothing; so a kernel's interrupt would only be seen when the waiting is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from weakref import WeakKeyDictionary

TICK_S = 0.05
"""Whoever waits for another thread looks up this often, in seconds: of an interrupt, nobody sees that it waits for that."""


class _Ticks:
    """The ticks of one loop, for all who wait on it."""

    def __init__(self) -> None:
        self.waiting = 0
        self._next: asyncio.TimerHandle | None = None

    def turn(self) -> None:
        """Let the loop turn, and again later."""
        self._next = asyncio.get_running_loop().call_later(TICK_S, self.turn)

    def stop(self) -> None:
        """Let it rest."""
        if self._next is not None:
            self._next.cancel()
        self._next = None


_TICKS: MutableMapping[asyncio.AbstractEventLoop, _Ticks] = WeakKeyDictionary()


@contextmanager
def turning() -> Iterator[None]:
    """While this is open, the running loop turns at least every `TICK_S` seconds, however many wait on it."""
    ticks = _TICKS.setdefault(asyncio.get_running_loop(), _Ticks())
    if ticks.waiting == 0:
        ticks.turn()
    ticks.waiting += 1
    try:
        yield
    finally:
        ticks.waiting -= 1
        if ticks.waiting == 0:
            ticks.stop()
