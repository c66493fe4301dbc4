"""A board: the newest state of what has changed lately, and since when."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

KEEPS = 1024
"""Things that have changed which a board remembers; who was away while more of them did begins anew."""


class Board(Generic[T]):
    """Numbers changes, and remembers only the newest of each thing: its readers are numbers, and no queue grows for them.

    Used on one event loop.

    Args:
        run: What tells its numbers from those of another board, such as that of the queen who comes after.
        keeps: Things that it remembers.
    """

    def __init__(self, run: str, keeps: int = KEEPS) -> None:
        self.number = 0
        """The number of the newest change."""
        self._run, self._keeps = run, keeps
        self._floor = 0
        """What changed up to this number is not all remembered."""
        self._changed: OrderedDict[str, tuple[int, T | None]] = OrderedDict()
        """In the order of their newest change."""
        self._waiting: set[asyncio.Future[None]] = set()

    def put(self, name: str, item: T | None) -> None:
        """A thing is like this now; `None` if it is there no more."""
        self.number += 1
        self._changed[name] = self.number, item
        self._changed.move_to_end(name)
        if len(self._changed) > self._keeps:
            self._floor = self._changed.popitem(last=False)[1][0]
        waiting, self._waiting = self._waiting, set()
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def since(self, number: int) -> Sequence[tuple[str, T | None]] | None:
        """What changed after that number, oldest first; `None` where that is not remembered."""
        if not self._floor <= number <= self.number:
            return None
        found = list[tuple[str, T | None]]()
        for name, (at, item) in reversed(self._changed.items()):
            if at <= number:
                break
            found.append((name, item))
        return found[::-1]

    async def beyond(self, number: int) -> None:
        """Wait until something changed after that number."""
        while self.number <= number:
            news = asyncio.get_running_loop().create_future()
            self._waiting.add(news)
            try:
                await news
            finally:
                self._waiting.discard(news)

    def revision(self, number: int) -> str:
        """A number as it is given to readers."""
        return f"{self._run}.{number}"

    def number_of(self, revision: str) -> int | None:
        """The number of a reader that comes back; `None` if this board did not give it."""
        run, _, number = revision.rpartition(".")
        return int(number) if run == self._run and re.fullmatch(r"[0-9]{1,15}", number) else None
