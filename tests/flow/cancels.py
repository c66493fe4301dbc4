"""Cancels at random moments of a job's life, and what has to hold after each."""

from __future__ import annotations

import asyncio
import random

from benchmarks.cancel.stage import Stage
from queenlib.messages.events import EndEvent, ProgressEvent, StateEvent, TokenEvent
from queenlib.messages.state import State

MOMENTS = ("unstarted", "at once", "prompt", "token", "last", "ended")
TOKENS = 8
"""What each job says, if it is let."""


async def cancelled(stage: Stage, moment: str, chance: random.Random) -> State:
    """The end of a job that was cancelled at that moment, perhaps by several at once; it is one, and the last event."""
    job_id = await stage.ask(
        "word " * chance.choice((1, 60)), max_tokens=TOKENS, start="on_stream" if moment == "unstarted" else "now"
    )
    match moment:
        case "prompt":
            await stage.until(job_id, ProgressEvent)
        case "token":
            await stage.until(job_id, TokenEvent, chance.randint(1, TOKENS - 1))
        case "last":
            await stage.until(job_id, TokenEvent, TOKENS)
        case "ended":
            await stage.log(job_id)
    records = await asyncio.gather(*(stage.router.cancel_job(job_id) for _ in range(chance.choice((1, 1, 2, 3)))))
    log = await stage.log(job_id)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert [event for event in log if isinstance(event, EndEvent)] == log[-1:]
    assert {record.state for record in records} == {log[-1].data.state}
    assert sum(isinstance(event, StateEvent) and event.data.state is State.CANCELLING for event in log) <= 1
    assert await stage.router.cancel_job(job_id) == records[0], "a cancel after the end changed something"
    return records[0].state


async def cancel_at_random(stage: Stage, count: int, seed: int) -> dict[str, set[State]]:
    """So many jobs, as many at once as there are slots and one more; the ends at each moment.

    After each few the engine's own list has no slot at work, and all of them are free.
    """
    chance, ends = random.Random(seed), {moment: set[State]() for moment in MOMENTS}
    several = stage.worker.spec.slots + 1
    for begun in range(0, count, several):
        moments = [chance.choice(MOMENTS) for _ in range(min(several, count - begun))]
        for moment, end in zip(
            moments, await asyncio.gather(*(cancelled(stage, each, chance) for each in moments)), strict=True
        ):
            ends[moment].add(end)
        assert await stage.busy() == set()
        assert sorted(stage.worker.free) == list(range(stage.worker.spec.slots))
    return ends
