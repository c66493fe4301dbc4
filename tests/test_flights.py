"""Single flight: done once, seen whole by each, taken from nobody."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from queenlib.flights import Flights


async def drawn(flights: Flights[int], key: str, procedure: object) -> list[int]:
    """All that a flight yields."""
    return [item async for item in flights.join(key, procedure)]  # type: ignore[arg-type]


async def test_many_waiters_share_one_flight() -> None:
    """The work is done once, and each sees all of it."""
    flights: Flights[int] = Flights()
    begun = 0

    async def work() -> AsyncGenerator[int]:
        nonlocal begun
        begun += 1
        for n in range(3):
            await asyncio.sleep(0.01)
            yield n

    assert await asyncio.gather(*(drawn(flights, "a", work) for _ in range(10))) == [[0, 1, 2]] * 10
    assert begun == 1
    assert await drawn(flights, "a", work) == [0, 1, 2]
    assert begun == 2


async def test_a_late_waiter_sees_the_beginning() -> None:
    """One that joins later sees what was before."""
    flights: Flights[int] = Flights()
    go = asyncio.Event()

    async def work() -> AsyncGenerator[int]:
        yield 0
        await go.wait()
        yield 1

    first = asyncio.create_task(drawn(flights, "a", work))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(drawn(flights, "a", work))
    await asyncio.sleep(0.01)
    assert flights.waiters("a") == 2
    go.set()
    assert await first == await second == [0, 1]


async def test_a_failure_reaches_each_waiter() -> None:
    """Everyone gets the error, after what was before it."""
    flights: Flights[int] = Flights()

    async def work() -> AsyncGenerator[int]:
        yield 0
        await asyncio.sleep(0.01)
        raise OSError("no disk")

    got = await asyncio.gather(*(drawn(flights, "a", work) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in got] == ["no disk"] * 3


@pytest.mark.parametrize("fails", [False, True])
async def test_what_has_ended_is_not_joined(fails: bool) -> None:
    """Whoever asks again right after the end, or the failure, starts the work anew."""
    flights: Flights[int] = Flights()
    begun = 0

    async def work() -> AsyncGenerator[int]:
        nonlocal begun
        begun += 1
        yield begun
        if fails:
            raise OSError("no disk")

    for _ in range(2):
        await asyncio.gather(drawn(flights, "a", work), return_exceptions=True)
    with contextlib.suppress(OSError):
        await drawn(flights, "a", work)
    with contextlib.suppress(OSError):
        assert await drawn(flights, "a", work) == [4]
    assert begun == 4


async def test_one_that_leaves_takes_nothing_from_the_others() -> None:
    """The work goes on while somebody waits; when the last leaves it has unwound before leaving is over."""
    flights: Flights[int] = Flights()
    order: list[str] = []

    async def work() -> AsyncGenerator[int]:
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)
            order.append("unwound")

    waiters = [asyncio.create_task(drawn(flights, "a", work)) for _ in range(2)]
    await asyncio.sleep(0.01)
    waiters[0].cancel()
    await asyncio.wait({waiters[0]})
    assert order == []
    waiters[1].cancel()
    await asyncio.wait({waiters[1]})
    assert order == ["unwound"]
    assert flights.waiters("a") == 0


async def test_who_comes_while_it_is_taken_down_starts_anew() -> None:
    """Two of the same work never overlap."""
    flights: Flights[int] = Flights()
    running = 0

    async def work() -> AsyncGenerator[int]:
        nonlocal running
        running += 1
        assert running == 1
        try:
            yield 0
            await asyncio.sleep(0.02)
            yield 1
        finally:
            await asyncio.sleep(0.05)
            running -= 1

    async with aclosing(flights.join("a", work)) as first:
        await anext(first)
        leaving = asyncio.create_task(first.aclose())
        await asyncio.sleep(0.01)
        assert await drawn(flights, "a", work) == [0, 1]
        await leaving


async def test_keys_fly_apart() -> None:
    """Different keys are different work."""
    flights: Flights[int] = Flights()

    async def fail() -> AsyncGenerator[int]:
        yield 0
        raise OSError

    async def work() -> AsyncGenerator[int]:
        yield 7

    with pytest.raises(OSError, match=r"^$"):
        await drawn(flights, "a", fail)
    assert await drawn(flights, "b", work) == [7]
