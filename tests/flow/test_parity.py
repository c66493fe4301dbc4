"""What is refused is refused alike: the same class of error, near and far, and nothing done."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.messages.hive import HiveList

Asked = Callable[[Queen], Awaitable[Any]]


def streamed(job_id: str, after: int = 0) -> Asked:
    """Ask for the first event of a stream."""
    return lambda queen: anext(queen.jobs.stream(job_id, after))


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda queen: queen.jobs.list(limit=0), errors.InvalidRequest),
        (lambda queen: queen.jobs.list(limit=1001), errors.InvalidRequest),
        (lambda queen: queen.jobs.list(cursor="none"), errors.InvalidRequest),
        (lambda queen: queen.jobs.create(HiveList(), start="later"), errors.InvalidRequest),
        (lambda queen: queen.jobs.create({"operation": "hive_lst"}), errors.InvalidOperation),
        (lambda queen: queen.jobs.create({"operation": "hive_get", "hive_id": "../x"}), errors.InvalidOperation),
        (lambda queen: queen.jobs.create({"operation": "infer", "prompt": "half \ud800"}), errors.InvalidOperation),
        (lambda queen: queen.jobs.get("job-none"), errors.UnknownJob),
        (lambda queen: queen.jobs.get("../x"), errors.UnknownJob),
        (lambda queen: queen.jobs.get(""), errors.UnknownJob),
        (lambda queen: queen.jobs.get("job-"), errors.UnknownJob),
        (lambda queen: queen.jobs.cancel("job-none"), errors.UnknownJob),
        (lambda queen: queen.jobs.result("job-none"), errors.UnknownJob),
        (streamed("job-none"), errors.UnknownJob),
    ],
)
async def test_a_bad_call_is_refused_alike(queen: Queen, ask: Asked, kind: type[errors.QueenError]) -> None:
    """A page, a cursor, an id, a payload that is none: one typed error."""
    with pytest.raises(errors.QueenError) as caught:
        await ask(queen)
    assert type(caught.value) is kind
    assert caught.value.what


async def test_a_bad_cursor_is_refused_alike(queen: Queen) -> None:
    """A number before the first event, or past the last, is an error before anything comes; a job does not start for it."""
    job = await queen.jobs.create(HiveList(), start="on_stream")
    with pytest.raises(errors.InvalidRequest):
        await streamed(job.id, -1)(queen)
    with pytest.raises(errors.StreamBeyondEnd) as caught:
        await streamed(job.id, 7)(queen)
    assert caught.value.last_seq == 1
    assert (await job.refresh()).state == "queued"
    assert (await job.cancel()).last_seq == 2
    for _ in range(2):
        with pytest.raises(errors.JobCancelled):
            await job


async def test_a_handle_hears_the_same_near_and_far(queen: Queen) -> None:
    """After following a job, the handle knows what the queen knows: state, reason, times, pieces, result, error."""
    for payload in (
        {"operation": "infer", "prompt": "x", "model": "sim:echo?text=a%20b"},
        {"operation": "hive_get", "id": "no"},
    ):
        job = await queen.jobs.create(payload)
        async for _ in job:
            pass
        assert job.record == await queen.jobs.get(job.id)
