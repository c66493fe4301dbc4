"""The door of a registry: who is let in while a queen ends, and how long those inside have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from queenlib.errors import QueenDraining, QueueFull
from queenlib.messages.base import Deleted
from queenlib.messages.events import EndEvent, Log, Yielded
from queenlib.messages.job import Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.memory import MemoryStore
from queenlib.registry.registry import Registry
from queenlib.registry.run import Work
from queenlib.world import World
from tests.world.clock import Date, VirtualLoop, VirtualWorld

OPERATION = ModelDelete(model="m")


def lasting(seconds: float) -> Work:
    """Work that takes a while."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="begun")
        await asyncio.sleep(seconds)
        yield Deleted(kind="model", id="m")

    return work


def virtually(story: Callable[[VirtualLoop, Registry], Coroutine[Any, Any, None]]) -> None:
    """Run a story in a time that is made up."""

    async def told(loop: VirtualLoop) -> None:
        registry = Registry(MemoryStore(), VirtualWorld(loop=loop, date=Date()))
        try:
            await story(loop, registry)
        finally:
            await registry.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        runner.run(told(loop))
        assert loop.trouble == []


@asynccontextmanager
async def registry_of(limits: Limits | None = None) -> AsyncIterator[Registry]:
    """A registry in real time."""
    made = Registry(MemoryStore(), World(), limits)
    try:
        yield made
    finally:
        await made.close()


def test_draining_lets_jobs_end_and_takes_no_other() -> None:
    """What is at work ends by itself; another job is refused with the time until she has ended, and none is made."""

    async def story(loop: VirtualLoop, registry: Registry) -> None:
        ids = [await registry.create(OPERATION, lasting(seconds)) for seconds in (5, 12)]
        draining = asyncio.create_task(registry.door.drain(30))
        await asyncio.sleep(10)
        assert registry.door.draining
        with pytest.raises(QueenDraining) as caught:
            await registry.create(OPERATION, lasting(1))
        assert caught.value.retry_after_s == 20
        assert "1 job may still end" in caught.value.why
        await draining
        assert loop.time() == 12
        assert [(await registry.get(each)).state for each in ids] == [State.SUCCEEDED] * 2
        assert len((await registry.page(10, None)).jobs) == 2

    virtually(story)


def test_after_the_grace_the_rest_is_closed() -> None:
    """Who takes longer is waited for no longer than the grace; the closing ends it, and its reader sees how."""

    async def story(loop: VirtualLoop, registry: Registry) -> None:
        job_id = await registry.create(OPERATION, lasting(1000))
        events = await registry.follow(job_id, 0)
        reading = asyncio.create_task(anext(events))
        await registry.door.drain(30)
        assert loop.time() == 30
        assert not (await registry.get(job_id)).state.ended
        closing = asyncio.create_task(registry.close())
        seen = [await reading, *[event async for event in events]]
        await closing
        assert isinstance(seen[-1], EndEvent)
        assert (seen[-1].data.state, seen[-1].data.reason) == (State.FAILED, "queen_closed")

    virtually(story)


def test_who_was_not_started_is_not_waited_for() -> None:
    """A job that waits for its first reader holds nobody up."""

    async def story(loop: VirtualLoop, registry: Registry) -> None:
        await registry.create(OPERATION, terms=Terms(start="on_stream"))
        await registry.door.drain(30)
        assert loop.time() == 0

    virtually(story)


async def test_closed_is_told_from_draining() -> None:
    """Full, draining and closed are three reasons; each says when to come again."""
    async with registry_of(Limits(unfinished=1)) as registry:
        await registry.create(OPERATION, lasting(60))
        with pytest.raises(QueueFull, match="that is the limit") as full:
            registry.door.check()
        registry.door.close()
        with pytest.raises(QueueFull, match="being closed") as closed:
            registry.door.check()
    assert {type(full.value), type(closed.value)} == {QueueFull}


def test_it_is_quiet_since_the_last_one_left() -> None:
    """While a job has not ended it is not quiet; then it is, since that moment; states are counted."""

    async def story(loop: VirtualLoop, registry: Registry) -> None:
        quiet = [registry.door.quiet_since]
        await asyncio.sleep(3)
        job_id = await registry.create(OPERATION, lasting(4))
        quiet.append(registry.door.quiet_since)
        await asyncio.sleep(1)
        assert registry.door.states() == {"running": 1}
        await asyncio.sleep(10)
        assert (await registry.get(job_id)).state.ended
        assert [*quiet, registry.door.quiet_since] == [0, None, 7]
        assert registry.door.states() == {}
        assert loop.time() == 14

    virtually(story)
