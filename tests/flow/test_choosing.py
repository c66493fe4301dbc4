"""Choosing among jobs, near and far: by tags, states and what they were asked for, in lists and frames."""

import asyncio
from datetime import UTC, datetime

import pytest

from queenlib import Queen
from queenlib.errors import InvalidRequest


async def test_jobs_are_listed_by_what_they_are(queen: Queen) -> None:
    """Tags, states, operation, model and times; in pages; what is no choice is refused where it is asked."""
    before = datetime.now(UTC)
    echo = [queen.infer("x", model="sim:echo", tags=["list", f"n-{n % 2}"]) for n in range(4)]
    for job in echo:
        await job
    failed = queen.infer("x", model="sim:none?", hive="nowhere", tags="list")
    with pytest.raises(Exception, match="nowhere"):
        await failed
    page = await queen.jobs.list(tags="list", state=["failed", "succeeded"], limit=3, created_after=before)
    rest = await queen.jobs.list(tags="list", state=["failed", "succeeded"], limit=3, created_after=before, cursor=page.next)
    assert [job.id for job in page.jobs + rest.jobs] == [failed.id, *(job.id for job in reversed(echo))]
    assert [job.id for job in (await queen.jobs.list(tags=["n-1", "list"])).jobs] == [echo[3].id, echo[1].id]
    assert [job.id for job in (await queen.jobs.list(hive="nowhere", operation="infer")).jobs] == [failed.id]
    assert (await queen.jobs.list(tags="list", ended_before=before)).jobs == ()
    assert [job.id for job in queen.sync.jobs.list(tags="list", state="failed").jobs] == [failed.id]
    with pytest.raises(InvalidRequest, match="state"):
        await queen.jobs.list(state="asleep")


async def test_a_frame_hides_those_that_only_look(queen: Queen) -> None:
    """Unless they are asked for; the rest is chosen as in lists."""
    asked = await queen.jobs.create({"operation": "hive_list"}, tags="framed")
    made = queen.infer("x", model="sim:echo", tags="framed")
    await asyncio.gather(asked.result(), made.result())
    assert list((await queen.jobs.frame(tags="framed"))["job_id"]) == [made.id]
    both = await queen.jobs.frame(tags="framed", reads=True)
    assert list(both["job_id"]) == [made.id, asked.id]
    assert list(both["tags"]) == ["framed", "framed"]
    assert list(queen.sync.jobs.frame(tags="framed")["job_id"]) == [made.id]


async def test_a_jobs_own_time_bounds_it(queen: Queen) -> None:
    """Whatever it does when it is over; the error says which deadline it was."""
    job = queen.infer("x", model="sim:words?tokens=1000&tokens_per_s=10", timeout=0.5)
    with pytest.raises(Exception, match=r"0\.5 s") as caught:
        await job
    assert (job.record.state, job.record.reason, caught.value.deadline) == ("failed", "timeout", "job")  # type: ignore[attr-defined]
    assert (await job.refresh()).terms.timeout == 0.5
