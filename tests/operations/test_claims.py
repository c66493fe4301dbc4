"""One question is asked by one at a time."""

from __future__ import annotations

import asyncio

from queenlib.messages.row import RowData
from queenlib.operations.claims import Asker, Claims

ROW = RowData(i=0, text="yes")


async def test_who_comes_later_gets_the_answer() -> None:
    """Others ask nobody, be they waiting for it or only later; a question without a key is everyone's own."""
    claims, asked = Claims(), list[str]()

    async def one(name: str, key: str, asker: Asker) -> RowData | None:
        async with claims.turn(asker, key) as turn:
            if turn.answer is None:
                asked.append(name)
                await asyncio.sleep(0.01)
                turn.answer = ROW
            return turn.answer

    with claims.asker() as first, claims.asker() as second, claims.asker() as third:
        second.wanted = {"k"}
        both = await asyncio.gather(one("1", "k", first), one("2", "k", second), one("1", "l", first))
        assert list(both) == [ROW] * 3
        assert asked == ["1", "1"]
        for key in ("k", "l"):
            assert await one("3", key, third) == ROW  # after the others had it
        assert asked == ["1", "1"]
        await one("2", "l", second)  # it had said that it would not want it
        assert asked == ["1", "1", "2"]
        with claims.asker() as late:  # though the store may not have it yet
            assert await one("late", "k", late) == ROW
        claims.forget()
        with claims.asker() as later:
            await one("later", "k", later)
        await asyncio.gather(one("a", "", first), one("b", "", second))
        assert asked[-2:] == ["a", "b"]


async def test_where_one_is_not_answered_the_next_asks() -> None:
    """It failed, or was cancelled: those who wait take their turns."""
    claims, asked = Claims(), 0

    async def one(fails: BaseException | None) -> RowData | None:
        nonlocal asked
        with claims.asker() as asker:
            async with claims.turn(asker, "k") as turn:
                if turn.answer is None:
                    asked += 1
                    await asyncio.sleep(0.01)
                    if fails is not None:
                        raise fails
                    turn.answer = ROW
                return turn.answer

    first = asyncio.create_task(one(ValueError()))
    await asyncio.sleep(0)
    cancelled = asyncio.create_task(one(None))
    rest = [asyncio.create_task(one(None)) for _ in range(3)]
    await asyncio.wait({first})
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await asyncio.gather(*rest) == [ROW] * 3
    assert isinstance(first.exception(), ValueError)
    assert asked <= 3
