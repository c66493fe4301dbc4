"""Who reads logs while a queen is being closed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from queenlib.registry.readers import LAST_LOOK_S, Readers
from tests.world.clock import Date, VirtualLoop, VirtualWorld


def lived(life: Coroutine[Any, Any, None]) -> float:
    """How long something took, in seconds of a time that is made up."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life)
        return runner.get_loop().time()


def world() -> VirtualWorld:
    """A world on the loop that runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualWorld(loop=loop, date=Date())


def test_nobody_is_waited_for_where_nobody_reads() -> None:
    """It returns at once, also when there were readers before."""

    async def life() -> None:
        readers = Readers()
        for _ in range(2):
            readers.come()
        assert readers.count == 2
        for _ in range(2):
            readers.leave()
        await readers.gone(world())

    assert lived(life()) == 0


def test_readers_are_waited_for_until_the_last_has_left() -> None:
    """Each leaves in its own time, by an error too; then it goes on at once."""

    async def read(readers: Readers, seconds: float) -> None:
        readers.come()
        try:
            await asyncio.sleep(seconds)
            raise ZeroDivisionError
        finally:
            readers.leave()

    async def life() -> None:
        readers = Readers()
        reading = [asyncio.create_task(read(readers, seconds)) for seconds in (0.5, 1.5, 1.0)]
        await asyncio.sleep(0)
        await readers.gone(world())
        assert readers.count == 0
        for each in reading:
            with pytest.raises(ZeroDivisionError):
                await each

    assert lived(life()) == pytest.approx(1.5)


def test_who_takes_too_long_is_not_waited_for() -> None:
    """One that does not read on cannot keep a queen from closing."""

    async def life() -> None:
        readers = Readers()
        readers.come()
        await readers.gone(world())

    assert lived(life()) == pytest.approx(LAST_LOOK_S)
