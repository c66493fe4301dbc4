"""Watching: whatever happens, and however slowly it is taken, the list that is put together is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from hypothesis import given
from hypothesis import strategies as st

from queenlib.boards.board import Board
from queenlib.boards.watching import watching
from queenlib.messages.change import Change, Watched
from queenlib.messages.hive import HiveInfo, HiveKind, HiveState
from queenlib.world import World

NOW = World().now()


def hive(name: str, reason: str) -> HiveInfo:
    """A hive that is there because of something."""
    return HiveInfo(id=name, kind=HiveKind.SIMULATED, state=HiveState.READY, reason=reason, since=NOW, keep_alive=600.0)


class Yard:
    """Hives that come, change and go; satisfies `Watchable`."""

    def __init__(self, keeps: int) -> None:
        self.board: Board[HiveInfo] = Board("yard", keeps)
        self.hives: dict[str, HiveInfo] = {}

    def put(self, name: str, reason: str | None) -> None:
        """One is like this now, or gone."""
        if reason is None:
            self.hives.pop(name, None)
            self.board.put(name, None)
        else:
            self.hives[name] = hive(name, reason)
            self.board.put(name, self.hives[name])

    async def whole(self) -> tuple[int, Sequence[HiveInfo]]:
        """All."""
        return self.board.number, tuple(self.hives.values())

    async def news(self, number: int) -> None:
        """Something is different."""
        await self.board.beyond(number)


def never_b(hive: HiveInfo) -> bool | None:
    """Hive b is never wanted, and the others as long as they are not bad."""
    return None if hive.id == "b" else hive.reason != "bad"


DEEDS = st.lists(
    st.one_of(st.none(), st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from(["good", "bad", "new"]))),
    max_size=40,
)


@given(DEEDS, st.integers(1, 5))
def test_the_list_is_the_truth(deeds: list[tuple[str, str | None] | None], keeps: int) -> None:
    """Taken whenever a deed says so (`None`) and at the end, also by one that comes back with its revision."""

    async def run() -> None:
        yard, watched = Yard(keeps), Watched[HiveInfo]()

        async def take() -> None:
            async with aclosing(watching(yard, Change[HiveInfo], never_b, watched.revision)) as changes:
                async for change in changes:
                    watched.take(change)
                    if change.revision == yard.board.revision(yard.board.number):
                        return

        await take()
        for deed in deeds:
            if deed is not None:
                yard.put(*deed)
            elif yard.board.revision(yard.board.number) != watched.revision:
                yard.put("c", "new")
                await take()
        yard.put("a", "good")
        await take()
        assert watched.items == {name: hive for name, hive in yard.hives.items() if never_b(hive)}

    asyncio.run(run())


async def test_one_that_is_slow_gets_the_newest_alone() -> None:
    """A hundred changes of one thing are one; what never was wanted is not told, and what is no more wanted is gone."""
    yard = Yard(8)
    yard.put("a", "good")
    async with aclosing(watching(yard, Change[HiveInfo], never_b)) as changes:
        first = await anext(changes)
        assert (first.reset, [hive.id for hive in first.items]) == (True, ["a"])
        for number in range(100):
            yard.put("c", f"{number}")
            yard.put("b", f"{number}")
        yard.put("a", "bad")
        change = await anext(changes)
        assert (change.reset, [hive.reason for hive in change.items], change.gone) == (False, ["99"], ("a",))


async def test_who_is_too_late_begins_with_the_whole_list() -> None:
    """More has changed than is remembered: the list comes again, and says that it is all."""
    yard = Yard(2)
    async with aclosing(watching(yard, Change[HiveInfo], never_b)) as changes:
        assert (await anext(changes)).items == ()
        for name in "acd":
            yard.put(name, "new")
        change = await anext(changes)
        assert (change.reset, {hive.id for hive in change.items}) == (True, set("acd"))
