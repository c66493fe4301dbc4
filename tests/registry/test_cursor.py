"""A place in a log: what comes next, from memory and from the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from queenlib.errors import UnknownJob
from queenlib.messages.events import EndEvent, Event, Log, Yielded
from queenlib.registry.cursor import PAGE, SLOW_PAGE, Cursor
from queenlib.registry.registry import Registry
from queenlib.registry.shown import TAIL
from tests.registry.test_registry import RESULT, log_of, started

LINES = 2 * PAGE


def lines(count: int, gate: asyncio.Event) -> Callable[[], AsyncGenerator[Yielded]]:
    """Work of so many lines, and one more when the gate is open."""

    async def work() -> AsyncGenerator[Yielded]:
        for n in range(count):
            yield Log(text=f"line {n}")
        await gate.wait()
        yield Log(text="last")
        yield RESULT

    return work


async def cursor(registry: Registry, job_id: str, after: int = 0) -> Cursor:
    """A cursor in a log, once all but the last of its lines are there."""
    return (await registry.reader({job_id: after})).cursors[0]


async def written(registry: Registry, count: int, gate: asyncio.Event) -> str:
    """A job whose log has so many lines so far."""
    job_id = await started(registry, lines(count, gate))
    while (await registry.get(job_id)).last_seq < count + 2:
        await asyncio.sleep(0.001)
    return job_id


async def taken(place: Cursor) -> list[Event]:
    """All that comes next, for now."""
    found = list[Event]()
    while not place.over:
        events = place.newest()
        if events is None:
            events = await place.older()
        if not events and not place.over:
            break
        for event in events:
            place.take(event)
            found.append(event)
    return found


async def test_the_store_and_then_memory_without_a_seam(registry: Registry) -> None:
    """A late one gets old events in pages and the newest from memory, each once; then what comes, up to the end."""
    gate = asyncio.Event()
    place = await cursor(registry, await written(registry, LINES, gate))
    assert place.newest() is None, "what is that old is not in memory"
    assert len(await place.older()) == PAGE
    assert [event.seq for event in await taken(place)] == list(range(1, LINES + 3))
    assert (list(place.newest() or ()), place.over) == ([], False)
    told = asyncio.Event()
    place.tell(told.set)
    gate.set()
    await told.wait()
    place.hush(told.set)
    rest: list[Event] = []
    while not place.over:
        rest += await taken(place)
        await asyncio.sleep(0)
    assert [event.seq for event in rest] == list(range(LINES + 3, LINES + 6))
    assert isinstance(rest[-1], EndEvent)


async def test_a_piece_is_made_once_for_all_who_are_at_its_place(registry: Registry) -> None:
    """It is the same object for each of them, and has the frames of the events that come next."""
    job_id = await written(registry, 10, asyncio.Event())
    pieces = [(await cursor(registry, job_id, 5)).piece() for _ in range(3)]
    assert pieces[0] is pieces[1] is pieces[2]
    assert pieces[0].body == b"".join(event.frame for event in pieces[0].events)
    assert [event.seq for event in pieces[0].events] == list(range(6, 13))
    last = (await cursor(registry, job_id, 12)).piece()
    assert last is not None
    assert last.body == b"", "all was taken, for now"


async def test_old_pieces_are_asked_of_the_store(registry: Registry) -> None:
    """What has left the memory is no piece of it."""
    job_id = await written(registry, TAIL + 10, asyncio.Event())
    assert (await cursor(registry, job_id, 3)).piece() is None


async def test_who_could_not_take_a_page_gets_shorter_ones(registry: Registry) -> None:
    """Up to the shortest; who takes one whole gets long ones again."""
    place = await cursor(registry, await written(registry, LINES, asyncio.Event()))
    sizes = list[int]()
    for share in (100, 1, 1000):
        page = await place.older()
        for event in page[:share]:
            place.take(event)
        sizes.append(len(page))
        place.left(len(page), min(share, len(page)))
    assert sizes == [PAGE, 100, SLOW_PAGE]
    assert len(await place.older()) == PAGE


async def test_a_look_takes_nothing(registry: Registry) -> None:
    """What was looked at is what comes next, and a place that has moved on asks again."""
    place = await cursor(registry, await written(registry, LINES, asyncio.Event()))
    await place.look()
    assert place.after == 0
    assert [event.seq for event in await place.older()] == list(range(1, PAGE + 1))
    await place.look()
    place.after = 7
    assert (await place.older())[0].seq == 8


async def test_the_end_of_one_that_ended_long_ago(registry: Registry) -> None:
    """Who has all of it is told that it is over; who reads on when it was deleted is told that."""
    gate = asyncio.Event()
    gate.set()
    job_id = await started(registry, lines(3, gate))
    log = await log_of(registry, job_id)
    place = await cursor(registry, job_id, len(log))
    assert not await place.older()
    assert place.over
    late = await cursor(registry, job_id, 2)
    await registry.delete(job_id)
    with pytest.raises(UnknownJob):
        await late.older()
