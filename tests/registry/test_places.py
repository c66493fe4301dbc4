"""The places in which jobs are worked on."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from queenlib.errors import KeyConflict, StoreFailed
from queenlib.messages.events import Yielded
from queenlib.messages.hive import HiveList
from queenlib.messages.job import Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.places import Places
from queenlib.registry.registry import Registry
from queenlib.registry.store import Store
from queenlib.world import World
from tests.registry.stores import FullStore

OPERATION = ModelDelete(model="m")
ONE = Limits(running=1)


async def forever() -> AsyncGenerator[Yielded]:
    """Work that never ends by itself."""
    await asyncio.Event().wait()
    yield  # type: ignore[misc]


async def test_reads_need_none() -> None:
    """A place that is taken is free again when its holder leaves, and is nothing to one who only reads."""
    places = Places(1)
    async with places.one(OPERATION), places.one(HiveList()):
        assert (places.free(OPERATION), places.free(HiveList())) == (False, True)
    assert places.free(OPERATION)


async def test_one_that_starts_at_once_is_kept_as_running(store: Store) -> None:
    """Where there is a place, that it runs is written with its creation; where there is none, it is queued."""
    registry = Registry(store, World(), ONE)
    first, second = [await registry.create(OPERATION, forever) for _ in range(2)]
    assert [(await registry.get(each)).state for each in (first, second)] == [State.RUNNING, State.QUEUED]
    kept = await store.get(first)
    assert kept is not None
    assert (kept.state, kept.last_seq, kept.started_at is not None) == (State.RUNNING, 2, True)
    await registry.cancel(first)
    async with asyncio.timeout(10):
        while (await registry.get(second)).state is not State.RUNNING:
            await asyncio.sleep(0.001)
    await registry.close()


async def test_a_key_that_is_known_costs_none(store: Store) -> None:
    """Neither one who creates a job again nor one whose key means something else keeps a place."""
    registry, keyed = Registry(store, World(), ONE), Terms(key="mine")
    job_id = await registry.create(OPERATION, forever, keyed)
    await registry.cancel(job_id)
    for _ in range(3):
        assert await registry.create(OPERATION, forever, keyed) == job_id
        with pytest.raises(KeyConflict):
            await registry.create(ModelDelete(model="other"), forever, keyed)
    after = await registry.create(OPERATION, forever)
    assert (await registry.get(after)).state is State.RUNNING
    await registry.close()


async def test_a_job_that_is_not_made_costs_none() -> None:
    """Where the store does not keep it, its place is the next one's."""
    store = FullStore(room=1)
    registry = Registry(store, World(), ONE)
    for _ in range(3):
        with pytest.raises(StoreFailed):
            await registry.create(OPERATION, forever)
    store.room = 100
    assert (await registry.get(await registry.create(OPERATION, forever))).state is State.RUNNING
    await registry.close()


async def test_one_that_is_stopped_before_its_first_step_gives_it_back(store: Store) -> None:
    """A job that is cancelled in the moment in which it was created leaves its place."""
    registry = Registry(store, World(), ONE)
    for _ in range(3):
        await registry.cancel(await registry.create(OPERATION, forever))
    assert (await registry.get(await registry.create(OPERATION, forever))).state is State.RUNNING
    await registry.close()
