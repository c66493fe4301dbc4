"""Several jobs, cancelled together: by the registry."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from queenlib.errors import InvalidRequest
from queenlib.messages.base import Deleted
from queenlib.messages.events import Log, Yielded
from queenlib.messages.filter import ALL, parse_filter
from queenlib.messages.job import Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.registry import Registry

OPERATION = ModelDelete(model="m")
MINE = parse_filter(tags="mine")


async def forever() -> AsyncGenerator[Yielded]:
    """Work that never ends by itself."""
    yield Log(text="begun")
    await asyncio.Event().wait()


async def at_once() -> AsyncGenerator[Yielded]:
    """Work that is done in one step."""
    yield Deleted(kind="model", id="m")


async def test_each_ends_once_and_others_go_on(registry: Registry) -> None:
    """Those that run and those that were not begun; the oldest comes first, and an ended one is no more asked."""
    terms = Terms(tags=("mine",))
    running = [await registry.create(OPERATION, forever, terms) for _ in range(3)]
    waiting = await registry.create(OPERATION, None, terms)
    other = await registry.create(OPERATION, forever)
    ended = await registry.create(OPERATION, at_once, terms)
    assert [event async for event in await registry.follow(ended, 0)][-1].type == "end"
    cancelled = await registry.cancel_all(MINE)
    assert cancelled.ids == (*running, waiting)
    for job_id in cancelled.ids:
        events = [event async for event in await registry.follow(job_id, 0)]
        assert [event.type for event in events].count("end") == 1
    assert {job.state for job in cancelled.jobs} == {State.CANCELLED}
    assert not (await registry.get(other)).state.ended
    assert (await registry.cancel_all(MINE)).jobs == ()


async def test_all_jobs_are_not_meant_by_mistake(registry: Registry) -> None:
    """Neither a filter nor `everything` is refused, and so are both; `everything` alone is all."""
    job_id = await registry.create(OPERATION, forever)
    for wanted, everything in ((ALL, False), (parse_filter(reads=False), False), (MINE, True)):
        with pytest.raises(InvalidRequest):
            await registry.cancel_all(wanted, everything=everything)
    assert not (await registry.get(job_id)).state.ended
    assert (await registry.cancel_all(ALL, everything=True)).ids == (job_id,)


async def test_only_the_chosen_state_is_asked(registry: Registry) -> None:
    """By state: those that run go on when those that are queued are cancelled; what has ended cannot be meant."""
    running, waiting = await registry.create(OPERATION, forever), await registry.create(OPERATION)
    while (await registry.get(running)).state is not State.RUNNING:
        await asyncio.sleep(0)
    assert (await registry.cancel_all(parse_filter(state="failed"))).jobs == ()
    assert (await registry.cancel_all(parse_filter(state="queued"))).ids == (waiting,)
    assert (await registry.get(running)).state is State.RUNNING
