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


async def test_who_comes_late_takes_a_snapshot_and_goes_on(queen: Queen) -> None:
    """The answer so far and the stream from there are the whole answer, though the job goes on between them."""
    job = await queen.jobs.create(
        {"operation": "infer", "prompt": "x", "model": "sim:words?tokens=60&tokens_per_s=150", "max_tokens": 60}
    )
    async for _ in job.text():
        break
    snapshot = await job.snapshot()
    assert snapshot.text
    assert snapshot.job.id == job.id
    rest = [event async for event in queen.jobs.stream(job.id[:8], after=snapshot.job.last_seq)]
    assert rest[0].seq == snapshot.job.last_seq + 1
    assert snapshot.text + "".join(str(event) for event in rest if event.type == "token") == (await job).text
    assert queen.sync.jobs.snapshot(job.id).text == (await job).text
    with pytest.raises(errors.UnknownJob):
        await queen.jobs.snapshot("job-none")
