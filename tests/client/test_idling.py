"""Waiting until nothing has happened for a while, in a time that is made up."""

from __future__ import annotations

import asyncio

from queenlib.client.idling import idle
from tests.world.clock import Date, VirtualLoop, VirtualWorld

HALF_HOUR = 1800.0


def ended_at(busy: list[tuple[float, float]]) -> tuple[float, int]:
    """When it had been quiet for half an hour, where somebody was busy from and to these times; and how often it looked."""
    looks = 0

    async def story(loop: VirtualLoop) -> float:
        def quiet_since() -> float | None:
            nonlocal looks
            looks += 1
            now = loop.time()
            if any(begun <= now < ended for begun, ended in busy):
                return None
            return max((ended for _, ended in busy if ended <= now), default=0.0)

        await idle(quiet_since, VirtualWorld(loop=loop, date=Date()), HALF_HOUR)
        return loop.time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(story(loop)), looks


def test_nothing_ever_happened() -> None:
    """It is over after half an hour, and nobody looked in between."""
    assert ended_at([]) == (1800.0, 2)


def test_it_begins_anew_with_each_thing_that_happens() -> None:
    """It is over exactly half an hour after the last thing, however short that was and whenever it was looked at."""
    assert ended_at([(10.0, 11.0)]) == (1811.0, 3)
    assert ended_at([(10.0, 11.0), (1799.0, 1800.0), (3000.0, 3100.0)])[0] == 4900.0


def test_while_something_happens_it_goes_on() -> None:
    """A job of a day is not cut off, and hardly looked at."""
    over, looks = ended_at([(5.0, 86_405.0)])
    assert over == 88_205.0
    assert looks < 60
