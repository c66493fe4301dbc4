"""The clock of all streams, on a time that is made up."""

from __future__ import annotations

import asyncio

import pytest

from queenlib.http.streams import Pace, Streams
from tests.registry.test_readers import lived, world


class Stream:
    """Counts how often it is looked at and ended."""

    def __init__(self) -> None:
        self.looks = self.ends = 0

    def look(self) -> None:
        """A look."""
        self.looks += 1

    def end(self) -> None:
        """An end."""
        self.ends += 1


def test_each_is_looked_at_as_long_as_it_is_open() -> None:
    """Several times in the time of a heartbeat, by one task for all; none is left when the last stream has gone."""

    async def life() -> None:
        streams, (one, other) = Streams(world(), Pace(beat_s=10, send_s=30)), (Stream(), Stream())
        streams.add(one)
        await asyncio.sleep(11)
        streams.add(other)
        assert len(asyncio.all_tasks()) == 2
        await asyncio.sleep(10)
        streams.remove(one)
        await asyncio.sleep(10)
        streams.remove(other)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        assert (one.looks, other.looks) == (8, 8)

    lived(life())


def test_all_are_ended_those_to_come_included() -> None:
    """When the queen is not served any more, nobody is left waiting."""

    async def life() -> None:
        streams, (one, late) = Streams(world()), (Stream(), Stream())
        streams.add(one)
        streams.end()
        streams.add(late)
        assert (one.ends, late.ends) == (1, 1)
        streams.remove(one)
        streams.remove(late)

    lived(life())


@pytest.mark.parametrize(("beat_s", "send_s", "patience"), [(10, 30, 12), (10, 1, 1), (0.2, 0.5, 10)])
def test_patience_is_counted_in_looks(beat_s: float, send_s: float, patience: int) -> None:
    """So many that the time to send has passed, and one at least."""
    assert Pace(beat_s, send_s).patience == patience
