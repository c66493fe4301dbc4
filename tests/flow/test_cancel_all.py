"""Jobs are cancelled by what they are chosen by, near and far."""

import asyncio
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.client.job import Job
from queenlib.messages.events import EndEvent, TokenEvent

LONG = "sim:words?tokens=100000&tokens_per_s=50"


async def speaking(queen: Queen, **terms: Any) -> Job[Any]:
    """A job that gives tokens, or waits for a slot."""
    return await queen.jobs.create({"operation": "infer", "prompt": "x", "model": LONG}, **terms)


async def ends(queen: Queen, job_id: str) -> list[str]:
    """The states that a job's log ends with."""
    return [event.data.state async for event in queen.jobs.stream(job_id) if isinstance(event, EndEvent)]


async def test_those_that_are_meant_are_cancelled(queen: Queen) -> None:
    """Speaking, waiting, or not begun: each ends once; others, and those that had ended, stay as they are."""
    meant = [await speaking(queen, tags=["sweep", f"n{n}"]) for n in range(6)]
    meant.append(await speaking(queen, tags="sweep", start="on_stream"))
    other = await speaking(queen, tags="other")
    async for event in meant[0]:
        if isinstance(event, TokenEvent):
            break
    before = await meant[1].cancel()
    cancelled = await queen.jobs.cancel_all(tags="sweep", operation="infer")
    assert set(cancelled.ids) == {job.id for job in meant} - {before.id}
    assert {job.state for job in cancelled.jobs} == {"cancelled"}
    for job in meant:
        assert await ends(queen, job.id) == ["cancelled"]
    assert await queen.jobs.get(before.id) == before
    assert not (await other.refresh()).state.ended
    assert (await queen.jobs.cancel_all(tags="sweep")).jobs == ()
    assert queen.sync.jobs.cancel_all(tags=["other"]).ids == (other.id,)


async def test_everything_has_to_be_said(queen: Queen) -> None:
    """Without a filter nothing is cancelled by mistake; `everything` with one is as unclear, and a bad filter is refused."""
    job = await speaking(queen)
    refused: list[dict[str, Any]] = [
        {},
        {"tags": []},
        {"state": ()},
        {"reads": False},
        {"everything": True, "tags": "x"},
        {"tag": "x"},
    ]
    for bad in refused:
        with pytest.raises(errors.InvalidRequest) as caught:
            await queen.jobs.cancel_all(**bad)
        assert caught.value.state
    assert not (await job.refresh()).state.ended
    assert job.id in (await queen.jobs.cancel_all(everything=True)).ids
    assert [each.id for each in (await queen.jobs.list(state=["queued", "running", "waiting"])).jobs] == []


async def test_races_end_in_one_end(queen: Queen) -> None:
    """Cancelled together, alone, and at the last token, all at once: each job has one end, and the answers agree with it."""
    quick = "sim:words?tokens=3&tokens_per_s=200"
    jobs = [
        await queen.jobs.create({"operation": "infer", "prompt": "x", "model": quick, "seed": n}, tags="race")
        for n in range(8)
    ]
    alone = [asyncio.create_task(job.cancel()) for job in jobs[::2]]
    first, second = await asyncio.gather(queen.jobs.cancel_all(tags="race"), queen.jobs.cancel_all(tags="race"))
    await asyncio.gather(*alone)
    for job in jobs:
        (state,) = await ends(queen, job.id)
        assert {each.state for each in (*first.jobs, *second.jobs) if each.id == job.id} <= {state}
