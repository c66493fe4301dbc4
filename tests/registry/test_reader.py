"""One who follows the logs of jobs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from queenlib.messages.events import EndEvent, Event
from queenlib.registry.registry import Registry
from tests.registry.test_cursor import LINES, lines, written
from tests.registry.test_registry import log_of, started


async def test_many_logs_at_once(registry: Registry) -> None:
    """Each comes whole and in order, up to its end, among the others; and then it is over."""
    gates = [asyncio.Event() for _ in range(3)]
    ids = [await started(registry, lines(10 * n, gate)) for n, gate in enumerate(gates)]
    reader = await registry.reader(dict.fromkeys(ids, 0))
    came: dict[str, list[Event]] = {job_id: [] for job_id in ids}
    order = iter(gates)
    next(order).set()
    async for event in reader.events():
        came[event.job_id].append(event)
        if isinstance(event, EndEvent) and (gate := next(order, None)):
            gate.set()
    assert reader.over
    assert came == {job_id: await log_of(registry, job_id) for job_id in ids}


async def test_each_is_read_on_from_its_own_place(registry: Registry) -> None:
    """Who has all of one gets the other alone."""
    gate = asyncio.Event()
    gate.set()
    one, other = [await started(registry, lines(3, gate)) for _ in range(2)]
    log, rest = await log_of(registry, one), await log_of(registry, other)
    reader = await registry.reader({one: len(log), other: 4})
    assert [event async for event in reader.events()] == rest[4:]


async def test_a_reader_is_counted_while_it_reads(registry: Registry) -> None:
    """And is told of no news once it has left."""
    job_id = await written(registry, 1, gate := asyncio.Event())
    log = registry._runs[job_id].log.tail
    before = set(log._told)
    async with aclosing(await registry.follow(job_id, 0)) as events:
        await anext(events)
        assert registry._readers.count == 1
        assert len(log._told - before) == 1
    assert (registry._readers.count, log._told) == (0, before)
    gate.set()


async def test_a_look_has_all_pages_at_hand(registry: Registry) -> None:
    """What comes after it is the same as without it."""
    ids = [await written(registry, LINES, gate := asyncio.Event()) for _ in range(2)]
    reader = await registry.reader(dict.fromkeys(ids, 0))
    await reader.look()
    assert [cursor.after for cursor in reader.cursors] == [0, 0]
    async with aclosing(reader.events()) as events:
        came = [await anext(events) for _ in range(2 * LINES)]
    for each in ids:
        assert [event.seq for event in came if event.job_id == each][:3] == [1, 2, 3]
    gate.set()
