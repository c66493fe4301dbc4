"""Several jobs on one line: near, far, and where the line breaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from queenlib.client.backend import Backend
from queenlib.client.following import Following
from queenlib.client.several import follow_all
from queenlib.errors import InvalidRequest, QueenUnreachable, StreamBeyondEnd, StreamInterrupted, UnknownJob
from queenlib.messages.events import Event
from queenlib.messages.place import MANY, Place
from queenlib.registry.memory import MemoryStore
from tests.client.test_remote import behind_a_wire, everything
from tests.client.test_resume import Hasty, lines


async def all_of(queen: Backend, *places: Place) -> dict[str, list[Event]]:
    """What comes of each job, to the end of each."""
    came = dict[str, list[Event]]()
    async for event in await queen.execute_jobs(places):
        came.setdefault(event.job_id, []).append(event)
    return came


async def test_near_and_far_have_the_same(tmp_path: Path) -> None:
    """Each log from its place on; one that was read is not there; all that are live are followed to their ends."""
    async with behind_a_wire(tmp_path) as (queen, line, far):
        gate = asyncio.Event()
        done, live = await queen.run(["a", "b"]), await queen.run(["c"], gate)
        whole = await everything(queen.router, done)
        reading = [asyncio.create_task(all_of(each, Place(done, 2), Place(live))) for each in (queen.router, far)]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in reading)
        gate.set()
        for came in await asyncio.gather(*reading):
            assert came == {done: whole[2:], live: await everything(queen.router, live)}
        connections = line.connections
        for each in (queen.router, far):
            assert await all_of(each, Place(done, len(whole)), Place(live[4:], 1)) == {live: came[live][1:]}
        assert line.connections <= connections + 1


async def test_a_line_that_breaks_is_made_again_for_all(tmp_path: Path) -> None:
    """Cut in the middle of events, again and again, each event of each job still comes once."""
    async with behind_a_wire(tmp_path, 10_000, 700, 1000, 1300, store=MemoryStore()) as (queen, line, far):
        ids = [await queen.run([f"{n} " for n in range(20 * count)]) for count in (1, 2, 3)]
        expected = {job_id: await everything(queen.router, job_id) for job_id in ids}
        assert await all_of(far, *(Place(job_id) for job_id in ids)) == expected
        assert line.connections == 5


async def test_silence_is_noticed_for_all(tmp_path: Path) -> None:
    """A line on which not even a heartbeat comes is left, and each job goes on over a new one."""
    async with behind_a_wire(tmp_path, silence_s=1.0) as (queen, line, far):
        gate = asyncio.Event()
        ids = [await queen.run([name], gate) for name in "ab"]
        reading = asyncio.create_task(all_of(far, *(Place(job_id) for job_id in ids)))
        await asyncio.sleep(1.5)
        quiet = line.connections
        line.silent = quiet
        async with asyncio.timeout(30):
            while line.connections == quiet:
                await asyncio.sleep(0.01)
            gate.set()
            came = await reading
        assert came == {job_id: await everything(queen.router, job_id) for job_id in ids}
        assert line.connections == quiet + 1


@pytest.mark.parametrize("far", [False, True])
async def test_what_cannot_be_followed_is_refused(tmp_path: Path, far: bool) -> None:
    """None, one twice, too many, one that is not there, and a number past the last: nothing of any comes."""
    async with behind_a_wire(tmp_path) as (queen, _, remote):
        job_id = await queen.run(["a"])
        asked: Backend = remote if far else queen.router
        for error, places in (
            (InvalidRequest, []),
            (InvalidRequest, [Place(job_id), Place(job_id[4:])]),
            (InvalidRequest, [Place(job_id)] * (MANY + 1)),
            (UnknownJob, [Place(job_id), Place("job-none")]),
            (StreamBeyondEnd, [Place(job_id, 100)]),
        ):
            with pytest.raises(error):
                await asked.execute_jobs(places)


async def test_a_queen_who_is_gone_is_told_with_every_place() -> None:
    """After as many tries as for one job; what is not there to begin with is told at once."""
    gone = QueenUnreachable("She is gone.")
    connect, asked = lines(lambda _: b"", gone)
    world = Hasty()
    events = follow_all(lambda _: connect(0), Following([Place("a", 3), Place("b")]), world, most=4)
    assert await anext(events) is None
    with pytest.raises(StreamInterrupted) as caught:
        await anext(events)
    assert (len(asked), len(world.slept)) == (5, 4)
    assert "{'a': 3, 'b': 0}" in caught.value.next
    connect, _ = lines(gone)
    with pytest.raises(QueenUnreachable):
        await anext(follow_all(lambda _: connect(0), Following([Place("a")]), world))


async def test_what_is_no_event_is_not_guessed_at() -> None:
    """It is told, and not asked for again."""
    connect, asked = lines(lambda _: b"data: {}\n\n")
    events = follow_all(lambda _: connect(0), Following([Place("a")]), Hasty())
    await anext(events)
    with pytest.raises(StreamInterrupted):
        await anext(events)
    assert len(asked) == 1
