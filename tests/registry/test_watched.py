"""Jobs that are watched: all that is kept of them is told, and only that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from queenlib.boards.watching import watching
from queenlib.messages.base import Deleted
from queenlib.messages.change import Change, Watched
from queenlib.messages.events import Token, Yielded
from queenlib.messages.filter import JobFilter, parse_filter
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.registry import Registry

OPERATION = ModelDelete(model="m")


async def words() -> AsyncGenerator[Yielded]:
    """Work that says a few words."""
    for number in range(20):
        yield Token(text=f"{number} ", dt_ms=1.0)
        await asyncio.sleep(0)
    yield Deleted(kind="model", id="m")


def watch(registry: Registry, wanted: JobFilter, limit: int = 100) -> AsyncGenerator[Change[JobRecord]]:
    """A watch on these jobs."""
    jobs = registry.watched(wanted, limit)
    return watching(jobs, Change[JobRecord], jobs.sieve)


async def test_what_is_told_is_what_is_kept(registry: Registry) -> None:
    """Jobs run, end and are deleted: the list put together is the page of the store, and no result is in it."""
    old = [await registry.create(OPERATION) for _ in range(3)]
    watched = Watched[JobRecord]()
    async with aclosing(watch(registry, parse_filter())) as changes, asyncio.timeout(60):
        watched.take(await anext(changes))
        assert list(watched.items) == old
        ids = [await registry.create(OPERATION, words) for _ in range(10)]
        while not all(each in watched.items and watched.items[each].state.ended for each in ids):
            watched.take(await anext(changes))
        await registry.delete(ids[0])
        while ids[0] in watched.items:
            watched.take(await anext(changes))
        page = await registry.page(100, None)
        assert sorted(watched.items.values(), key=lambda job: job.id) == sorted(page.jobs, key=lambda job: job.id)
        assert all(job.result is None for job in watched.items.values())


async def test_only_the_wanted_are_told(registry: Registry) -> None:
    """By tags and state: one that ends is gone from those that run, and others are never spoken of."""
    gate = asyncio.Event()

    async def held() -> AsyncGenerator[Yielded]:
        await gate.wait()
        yield Deleted(kind="model", id="m")

    wanted = parse_filter(tags="mine", state=["queued", "running"])
    async with aclosing(watch(registry, wanted)) as changes, asyncio.timeout(60):
        assert (await anext(changes)).items == ()
        mine = await registry.create(OPERATION, held, Terms(tags=("mine",)))
        other = await registry.create(OPERATION, words)
        watched = Watched[JobRecord]()
        while mine not in watched.items or watched.items[mine].state is not State.RUNNING:
            watched.take(await anext(changes))
        gate.set()
        while mine in watched.items:
            change = await anext(changes)
            assert other not in (*change.gone, *(job.id for job in change.items))
            watched.take(change)


async def test_the_list_has_the_newest(registry: Registry) -> None:
    """Oldest first, as many as were asked for."""
    ids = [await registry.create(OPERATION) for _ in range(5)]
    async with aclosing(watch(registry, parse_filter(), 2)) as changes:
        assert [job.id for job in (await anext(changes)).items] == ids[3:]
