"""Snapshots of jobs: what the log tells up to some event, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from queenlib.errors import UnknownJob
from queenlib.messages.base import Deleted
from queenlib.messages.events import AttemptEvent, Event, Log, Metrics, Progress, Token, Yielded
from queenlib.messages.model import ModelDelete
from queenlib.messages.snapshot import Snapshot
from queenlib.registry.registry import Registry
from queenlib.registry.shown import TAIL
from queenlib.registry.sofar import SoFar

OPERATION = ModelDelete(model="m")
LONG = TAIL + 100


class Spoken:
    """Work that says a word whenever it is let."""

    def __init__(self, words: int) -> None:
        self.words, self.turns = words, asyncio.Semaphore(0)

    async def work(self) -> AsyncGenerator[Yielded]:
        """All kinds of bodies."""
        yield Progress(what="load", done=1, total=2, unit="steps")
        yield Log(text="begun")
        for number in range(self.words):
            await self.turns.acquire()
            yield Token(text=f"{number} ", dt_ms=1.0, channel="reasoning" if number % 3 == 0 else "content")
        yield Metrics(values={"words": float(self.words)})
        yield Deleted(kind="model", id="m")

    def let(self, turns: int) -> None:
        """Let it say so many."""
        for _ in range(turns):
            self.turns.release()


async def until(registry: Registry, job_id: str, tokens: int) -> None:
    """Wait until so many pieces are kept."""
    async with asyncio.timeout(20):
        while (await registry.get(job_id)).tokens < tokens:
            await asyncio.sleep(0.001)


async def log_of(registry: Registry, job_id: str, after: int = 0) -> list[Event]:
    """The events of a log, to its end."""
    return [event async for event in await registry.follow(job_id, after)]


def said(events: list[Event], channel: str) -> str:
    """What was said in these events, one by one."""
    return "".join(event.data.text for event in events if event.type == "token" and event.data.channel == channel)


def agrees(snapshot: Snapshot, log: list[Event]) -> None:
    """It is what the log tells up to its place."""
    seen = log[: snapshot.job.last_seq]
    assert (snapshot.text, snapshot.reasoning) == (said(seen, "content"), said(seen, "reasoning"))
    assert [line.text for line in snapshot.lines] == [event.data.text for event in seen if event.type == "log"]
    assert [each.what for each in snapshot.progress] == [event.data.what for event in seen if event.type == "progress"]
    assert snapshot.metrics == {
        name: n for event in seen if event.type == "metrics" for name, n in event.data.values.items()
    }


async def test_a_late_reader_has_all_of_it_by_a_snapshot_and_the_rest(registry: Registry) -> None:
    """At any moment: what a snapshot tells and what is followed from there are together the whole log."""
    spoken = Spoken(LONG)
    job_id = await registry.create(OPERATION, spoken.work)
    taken = [await registry.snapshots.take(job_id)]
    for number in range(5):
        spoken.let(LONG // 5)
        await until(registry, job_id, (number + 1) * (LONG // 5))
        taken += await asyncio.gather(*(registry.snapshots.take(job_id[:8]) for _ in range(3)))
    rest = asyncio.create_task(log_of(registry, job_id, taken[-1].job.last_seq))
    spoken.let(LONG % 5)
    log = await log_of(registry, job_id)
    taken.append(await registry.snapshots.take(job_id))
    for snapshot in taken:
        agrees(snapshot, log)
    assert len({snapshot.job.last_seq for snapshot in taken}) > 5
    assert await rest == log[taken[-2].job.last_seq :]
    assert taken[-1].metrics == {"words": LONG}
    assert taken[-1].job == await registry.get(job_id)


async def test_a_further_attempt_has_said_nothing_yet(registry: Registry) -> None:
    """Of an attempt that was cut off its lines are left, and neither its words nor how far it had come."""
    spoken = Spoken(4)
    spoken.let(4)
    job_id = await registry.create(OPERATION, spoken.work)
    log = await log_of(registry, job_id)
    so_far = SoFar()
    for event in log[:-3]:
        so_far.take(event)
    whole = so_far.snapshot((await registry.get(job_id)).model_copy(update={"last_seq": so_far.seq}))
    assert whole.text
    assert whole.progress
    begun = {"job_id": job_id, "seq": so_far.seq + 1, "at": log[0].at, "data": {"n": 2, "reason": "cut off", "epoch": 2}}
    so_far.take(AttemptEvent.model_validate(begun))
    again = so_far.snapshot(whole.job.model_copy(update={"last_seq": so_far.seq}))
    assert (again.text, again.reasoning, again.progress) == ("", "", ())
    assert [line.text for line in again.lines] == ["begun"]


async def test_a_job_that_is_not_there_has_none(registry: Registry) -> None:
    """It never was, or was deleted."""
    with pytest.raises(UnknownJob):
        await registry.snapshots.take("job-none")
    spoken = Spoken(0)
    job_id = await registry.create(OPERATION, spoken.work)
    await log_of(registry, job_id)
    assert (await registry.snapshots.take(job_id)).job.state.ended
    await registry.delete(job_id)
    with pytest.raises(UnknownJob):
        await registry.snapshots.take(job_id)
