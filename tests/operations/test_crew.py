"""Several at one work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from queenlib.operations.crew import AHEAD, crew


async def test_all_of_it_comes_as_it_is_made() -> None:
    """The work is shared; the order of each hand is kept; none of them is left; without hands nothing comes."""
    todo = iter(range(100))

    async def hand() -> AsyncGenerator[int]:
        for number in todo:
            await asyncio.sleep(0)
            yield number

    found = [item async for item in crew(7, hand)]
    assert sorted(found) == list(range(100))
    assert [item async for item in crew(0, hand)] == []
    assert {task.get_name() for task in asyncio.all_tasks()}.isdisjoint({"hand"})


async def test_what_was_made_before_a_failure_comes_before_it() -> None:
    """Then the others are closed, and it is raised."""
    closed = 0

    async def hand() -> AsyncGenerator[str]:
        nonlocal closed
        try:
            for number in todo:
                if number == 5:
                    raise ValueError(number)
                yield f"{number}"
                await asyncio.sleep(0)
            await asyncio.sleep(60)
        finally:
            closed += 1

    todo, found = iter(range(6)), list[str]()
    with pytest.raises(ValueError, match="5"):  # noqa: PT012 - what came before it is what is looked at
        async for item in crew(3, hand):
            found.append(item)
    assert sorted(found) == ["0", "1", "2", "3", "4"]
    assert closed == 3


async def test_who_leaves_closes_all_hands() -> None:
    """When it returns they have unwound, however long that takes."""
    unwound = 0

    async def hand() -> AsyncGenerator[int]:
        nonlocal unwound
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            unwound += 1

    async with aclosing(crew(4, hand)) as items:
        async for _ in items:
            break
    assert unwound == 4


async def test_hands_wait_for_who_takes_what_they_made() -> None:
    """So what is made and not taken is bounded, however slow the taker is; none of it is lost."""
    made = 0

    async def hand() -> AsyncGenerator[int]:
        nonlocal made
        while made < 20 * AHEAD:
            made += 1
            yield made
            await asyncio.sleep(0)

    taken = list[int]()
    async with aclosing(crew(5, hand)) as items:
        async for item in items:
            taken.append(item)
            if len(taken) % AHEAD == 1:
                await asyncio.sleep(0.01)
            assert made - len(taken) <= AHEAD + 5
    assert sorted(taken) == list(range(1, 20 * AHEAD + 1))


async def test_a_failure_is_raised_however_much_the_others_make() -> None:
    """They make nothing more than what they are at, even where the taker is slower than they are."""
    made = 0

    async def hand() -> AsyncGenerator[int]:
        nonlocal made
        for number in todo:
            if number == 3:
                raise ValueError(number)
            made += 1
            yield number
            await asyncio.sleep(0)

    todo, taken = iter(range(10_000)), 0
    with pytest.raises(ValueError, match="3"):  # noqa: PT012 - what came before it is what is looked at
        async for _ in crew(3, hand):
            taken += 1
            await asyncio.sleep(0.002)
    assert taken == made < AHEAD + 3 + 4
