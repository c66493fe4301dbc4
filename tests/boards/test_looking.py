"""Looking: what differs from one look to the next is a change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from queenlib.boards.looking import Looking
from queenlib.boards.watching import watching
from queenlib.messages.change import Change, Watched
from queenlib.messages.hive import HiveInfo
from queenlib.world import World
from tests.boards.test_watching import hive


class Yard:
    """Hives that are looked at."""

    def __init__(self) -> None:
        self.hives = {"a": hive("a", "")}
        self.looks = 0

    async def look(self) -> Sequence[HiveInfo]:
        """All of them."""
        self.looks += 1
        return tuple(self.hives.values())


async def test_what_differs_is_told_and_nothing_else() -> None:
    """One that is new, one that is different, one that is gone; nothing is told while all is as it was."""
    yard, watched = Yard(), Watched[HiveInfo]()
    looking = Looking(yard.look, World(), 0.01)
    async with aclosing(watching(looking, Change[HiveInfo], lambda _: True)) as changes, asyncio.timeout(30):
        watched.take(await anext(changes))
        coming = asyncio.ensure_future(anext(changes))
        looks = yard.looks
        while yard.looks < looks + 3:
            await asyncio.sleep(0.01)
        assert not coming.done()
        yard.hives = {"b": hive("b", "new")}
        change = await coming
        assert ([each.id for each in change.items], change.gone, change.reset) == (["b"], ("a",), False)
        watched.take(change)
        yard.hives["b"] = hive("b", "other")
        watched.take(await anext(changes))
        assert watched.items == yard.hives


async def test_many_who_watch_share_a_look() -> None:
    """A hundred ask at once: one look; and nobody looks when nobody watches."""
    yard = Yard()
    looking = Looking(yard.look, World(), 60.0)
    for _ in range(100):
        number, hives = await looking.whole()
        assert (number, len(hives)) == (1, 1)
    assert yard.looks == 1
