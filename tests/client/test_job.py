"""A handle on a job: waiting can be left, what is heard is remembered, and the end is what it was."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from queenlib import Queen, errors
from queenlib.client.calls import Caller
from queenlib.client.job import Job
from queenlib.client.jobs import Jobs
from queenlib.client.portal import Portal
from queenlib.home import Home
from queenlib.messages.base import Deleted
from queenlib.messages.job import JobRecord
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.router import Router
from queenlib.state import QueenState
from tests.registry.stores import FullStore


@pytest.fixture(scope="module")
def queen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queen]:
    """A queen who has one place: her second job is queued."""
    with Queen(tmp_path_factory.mktemp("home"), limits=Limits(running=1)) as made:
        made.infer("x", model="sim:words?tokens=3000&tokens_per_s=10", max_tokens=3000)
        yield made


@pytest.fixture
def queued(queen: Queen) -> Iterator[Job[Deleted]]:
    """A job that is queued and does not begin."""
    job = queen.models.delete("m")
    yield job
    queen.sync.jobs.cancel(job.id)


def test_an_interrupt_ends_the_waiting_and_not_the_job(queued: Job[Deleted], queen: Queen) -> None:
    """`KeyboardInterrupt` in `wait()`, and in a loop over the events, comes at once; the job goes on."""
    for wait in (queued.wait, lambda: list(queued)):
        interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                wait()
        finally:
            interrupt.cancel()
    assert queen.sync.jobs.get(queued.id).state is State.QUEUED


async def test_a_cancelled_wait_is_not_a_cancelled_job(queued: Job[Deleted], queen: Queen) -> None:
    """Whoever awaits a result may be cancelled, and may wait again."""
    waiting = asyncio.create_task(queued.result())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    for wait in (queued.result(0.05), asyncio.wait_for(queued, 0.05)):
        with pytest.raises(TimeoutError):
            await wait
    with pytest.raises(TimeoutError, match="goes on"):
        queued.wait(0.05)
    assert (await queen.jobs.get(queued.id)).state is State.QUEUED


async def test_a_wait_that_was_too_short_says_how_to_go_on(queued: Job[Deleted], queen: Queen) -> None:
    """However one waits: a typed error in four parts, with the job and the calls that go on with it, or end it."""
    waits = [queued.result(0.05), queen.jobs.result(queued.id, 0.05), asyncio.to_thread(queued.wait, 0.05)]
    for wait in waits:
        with pytest.raises(errors.NotEnded) as caught:
            await wait
        error = caught.value
        assert (error.what, error.waited_s) == (f"{queued.id} has not ended after 0.05 s.", 0.05)
        assert (error.job_id, error.state) == (queued.id, "It goes on; it was queued when last heard of.")
        assert all(call in error.next for call in (f"jobs.attach({queued.id!r})", f"jobs.cancel({queued.id!r})"))


@pytest.mark.parametrize("said", ["x", [1]])
async def test_what_no_wait_can_be_is_refused_at_once(queued: Job[Deleted], said: Any) -> None:
    """A time that is no number, and a place in the log that is none: a typed error on the line that says it."""
    with pytest.raises(errors.InvalidRequest, match="timeout is "):
        await queued.result(timeout=said)
    with pytest.raises(errors.InvalidRequest, match="timeout is "):
        queued.wait(timeout=said)
    with pytest.raises(errors.InvalidRequest, match="after is "):
        queued.events(after=said)


async def test_cancel_is_told_to_all_who_wait(queen: Queen) -> None:
    """However one waits for a job, its cancellation is the same typed error; also for one that never began."""
    for job in (queen.models.delete("m"), await queen.jobs.create({"operation": "hive_list"}, start="on_stream")):
        waiting = [asyncio.ensure_future(job.result()) for _ in range(3)] if job.operation == "model_delete" else []
        record = await job.cancel()
        assert (record.state, job.record, repr(job)) == (
            State.CANCELLED,
            record,
            f"<Job {job.id}: {job.operation}, cancelled (cancel)>",
        )
        for wait in (*waiting, job.result(), queen.jobs.result(job.id)):
            with pytest.raises(errors.JobCancelled) as caught:
                await wait
            assert caught.value.job_id == job.id
        with pytest.raises(errors.JobCancelled):
            job.wait()
        with pytest.raises(errors.JobCancelled):
            assert [piece async for piece in job.text()] == []
        with pytest.raises(errors.JobCancelled):
            assert list(job.text()) == []


async def test_what_is_heard_is_remembered(queen: Queen) -> None:
    """A handle that was followed knows state, reason, pieces, result and error as if it had asked."""
    for payload in ({"operation": "hive_list"}, {"operation": "hive_get", "hive_id": "none"}):
        job = await queen.jobs.create(payload)
        seen = [event.seq async for event in job]
        assert job.record == await queen.jobs.get(job.id)
        assert job.record.last_seq == len(seen)


async def test_the_reason_of_a_wait_comes_and_goes(tmp_path: Path) -> None:
    """What a job waits for is shown while it waits, and no longer."""
    with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:echo?text=x&load_s=0.3")
        shown = [repr(job) async for event in job if event.type == "state"]
        assert any("waiting (" in each for each in shown)
        assert shown[-1].endswith("running>")
        assert repr(job).endswith("succeeded>")


async def test_an_older_answer_does_not_undo_what_was_heard(queen: Queen) -> None:
    """A record that was asked for before more was heard leaves the newer one in place."""
    job = await queen.jobs.create({"operation": "hive_list"})
    old = job.record
    await job

    async def late(_: str) -> JobRecord:
        return old

    newer = job.record
    assert await queen.portal.run(job._learn(late)) == newer == job.record
    assert newer.state is State.SUCCEEDED


async def test_a_job_from_a_list_still_has_its_result(queen: Queen) -> None:
    """A record without its result is asked for again."""
    made = await queen.jobs.create({"operation": "hive_list"})
    result = await made
    record = next(job for job in (await queen.jobs.list()).jobs if job.id == made.id)
    assert record.result is None
    job: Job[object] = Job(record, queen.backend, queen.portal)  # type: ignore[type-var]
    assert await job == result


async def test_leaving_a_handles_loops_leaves_nothing_open(queen: Queen) -> None:
    """Breaking off `async for` and `text()` closes the streams behind them."""
    job = queen.models.delete("m")
    for _ in range(20):
        async with aclosing(aiter(job)) as events:
            await anext(events)
    assert next(iter(job)).seq == 1

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    before = await queen.portal.run(tasks())
    streams = [aiter(job) for _ in range(5)]
    for stream in streams:
        await anext(stream)
    assert await queen.portal.run(tasks()) >= before + 5
    for stream in streams:
        await stream.aclose()
    for _ in range(100):
        if await queen.portal.run(tasks()) <= before:
            break
        await asyncio.sleep(0.02)
    assert await queen.portal.run(tasks()) <= before
    await job.cancel()


async def test_a_job_whose_end_cannot_be_kept_says_so(tmp_path: Path) -> None:
    """Whoever waits for, follows or cancels a job whose log is lost gets the store's error and does not hang."""

    async def opened() -> Router:
        return Router(QueenState.open(Home.open(tmp_path), store=FullStore(room=2)))

    portal = Portal()
    router = await portal.run(opened())
    jobs = Jobs(Caller(router, portal))
    try:
        job = await jobs.create({"operation": "hive_list"})
        async with asyncio.timeout(20):
            for told in (job.result(), job.cancel(), jobs.result(job.id), drawn(aiter(job))):
                with pytest.raises(errors.StoreFailed):
                    await told
        with pytest.raises(errors.StoreFailed):
            job.wait()
    finally:
        await portal.run(router.close())
        portal.close()


@pytest.mark.filterwarnings("error")
async def test_a_handle_of_a_closed_queen_begins_nothing(tmp_path: Path) -> None:
    """Whatever is asked of it is refused with a typed error, and nothing is left that nobody awaits."""
    with Queen(tmp_path) as queen:
        job = queen.hives.list()
        await job
    for ask in (job.refresh, job.cancel, job.snapshot, job.rerun, job.result):
        with pytest.raises(errors.QueenClosed):
            await ask()
    gc.collect()


@pytest.mark.parametrize("mode", ["live", "update", "static", "text"])
def test_what_is_known_is_shown_also_by_a_closed_queen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    """A job that has ended is shown as it was heard of; of one that has not, nobody can say how it is."""
    monkeypatch.setenv("QUEENLIB_DISPLAY", mode)
    with Queen(tmp_path) as queen:
        job = queen.infer("x", model="sim:echo?text=honey")
        job.wait()
        other = queen.infer("x", model="sim:words?tokens=3000&tokens_per_s=10", max_tokens=3000)
    job.show()
    said = capsys.readouterr().out
    assert all(known in said for known in (job.id, "succeeded", "honey"))
    with pytest.raises(errors.QueenClosed):
        other.show()


async def drawn(stream: AsyncGenerator[object]) -> None:
    """Draw from a stream to its end."""
    async for _ in stream:
        pass
