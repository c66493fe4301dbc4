"""Looking: things that do not tell when they change are looked at, as long as somebody watches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from queenlib.boards.board import Board
from queenlib.messages.change import name_of
from queenlib.world import World

T = TypeVar("T")


class Looking(Generic[T]):
    """Looks while it is asked, and notes what differs; satisfies `Watchable`. Many who watch share one look.

    Args:
        look: All of it, as it is now.
        world: Whose clock bounds how often.
        every_s: Seconds between two looks.
    """

    def __init__(self, look: Callable[[], Awaitable[Sequence[T]]], world: World, every_s: float) -> None:
        self.board: Board[T] = Board(world.new_id("board"))
        self._look, self._world, self._every_s = look, world, every_s
        self._seen: dict[str, T] = {}
        self._looked_at = float("-inf")

    async def whole(self) -> tuple[int, Sequence[T]]:
        """See `Watchable.whole`."""
        await self._renew()
        return self.board.number, tuple(self._seen.values())

    async def news(self, number: int) -> None:
        """See `Watchable.news`."""
        while True:
            await self._world.sleep(self._every_s)
            await self._renew()
            if self.board.number > number:
                return

    async def _renew(self) -> None:
        now = self._world.monotonic()
        if now - self._looked_at < self._every_s / 2:
            return
        self._looked_at = now
        found = {name_of(item): item for item in await self._look()}  # type: ignore[arg-type]
        before, self._seen = self._seen, found
        for name in before.keys() - found.keys():
            self.board.put(name, None)
        for name, item in found.items():
            if before.get(name) != item:
                self.board.put(name, item)
