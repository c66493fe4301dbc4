"""Several jobs followed at once, near and far."""

from __future__ import annotations

import pytest

from queenlib import Queen, errors
from queenlib.messages.events import EndEvent, Event

WORDS = "sim:words?tokens=20&tokens_per_s=200"


async def test_jobs_are_followed_together(queen: Queen) -> None:
    """Each log comes whole, in its order, from after the number that is given; blocking as well."""
    jobs = [queen.infer("x", model=WORDS) for _ in range(3)]
    live: dict[str, list[Event]] = {job.id: [] for job in jobs}
    async for event in queen.jobs.follow(list(live)):
        live[event.job_id].append(event)
    for job in jobs:
        assert live[job.id] == [event async for event in queen.jobs.stream(job.id)]
        assert isinstance(live[job.id][-1], EndEvent)
    first, *others = jobs
    later = list(queen.sync.jobs.follow({first.id: len(live[first.id]) - 2, others[0].id: len(live[others[0].id])}))
    assert later == live[first.id][-2:]


async def test_leaving_cancels_none(queen: Queen) -> None:
    """And what is asked for wrongly is refused before anything comes."""
    job = queen.infer("x", model=WORDS)
    async for _ in queen.jobs.follow([job.id]):
        break
    assert (await job).usage.completion_tokens == 20
    for asked, error in (([], errors.InvalidRequest), (["job-none"], errors.UnknownJob)):
        with pytest.raises(error):
            await anext(queen.jobs.follow(asked))
    with pytest.raises(errors.StreamBeyondEnd):
        await anext(queen.jobs.follow({job.id: 10_000}))
