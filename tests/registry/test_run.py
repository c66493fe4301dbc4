"""One job at work: every way in which it can end, and each of them an end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from queenlib.errors import QueenError, StoreFailed, WorkerDied
from queenlib.messages.base import Deleted, Operation, Result
from queenlib.messages.events import AttemptEvent, Log, Token, Waiting, Working, Yielded
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL, JobRecord, Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.memory import MemoryStore
from queenlib.registry.run import Run, Work
from queenlib.registry.stop import Stop
from queenlib.registry.store import Store
from tests.registry.stores import FullStore, SlowStore, log_of_one

DELETE = ModelDelete(model="m")
RESULT = Deleted(kind="model", id="m")


class Anything(Result):
    """A result that may hold anything."""

    value: Any


async def kept(run: Run) -> None:
    """Keep the job; from now on it is queued."""
    await run.log.create()
    run.queue()


def run_of(
    store: Store,
    limits: Limits | None = None,
    ended: list[str] | None = None,
    operation: Operation = DELETE,
    terms: Terms = USUAL,
) -> Run:
    """A job's run."""
    log = log_of_one(operation, store, terms)
    return Run(log, operation, limits or Limits(), nullcontext(), (ended if ended is not None else []).append)


async def record_of(store: Store) -> JobRecord:
    """The job as it is kept."""
    record = await store.get("job-a")
    assert record is not None
    return record


async def outcome(work: Work, store: Store | None = None) -> JobRecord:
    """What becomes of a job with this work."""
    store = store or MemoryStore()
    run = run_of(store)
    await kept(run)
    run.start(work)
    await run.ended()
    return await record_of(store)


async def forever() -> AsyncGenerator[Yielded]:
    """Work that never ends by itself."""
    yield Log(text="begun")
    await asyncio.Event().wait()


async def test_it_is_started_once() -> None:
    """A second start does nothing, and the end is told once."""
    begun, ended = list[int](), list[str]()

    async def work() -> AsyncGenerator[Yielded]:
        begun.append(1)
        yield RESULT

    store = MemoryStore()
    run = run_of(store, ended=ended)
    await kept(run)
    assert not run.started
    run.start(work)
    run.start(work)
    await run.ended()
    await asyncio.sleep(0)
    assert (begun, ended, run.started) == ([1], ["job-a"], True)


async def test_it_can_be_stopped_before_it_is_started() -> None:
    """A job that nobody started ends like any other that is cancelled, with its typed error."""
    store = MemoryStore()
    run = run_of(store)
    await kept(run)
    run.stop(Stop.cancel("job-a"))
    run.stop(Stop.closed("job-a"))
    await run.ended()
    record = await record_of(store)
    assert record.error is not None
    assert (record.state, record.reason, record.error.kind, record.last_seq) == (
        State.CANCELLED,
        "cancel",
        "JobCancelled",
        2,
    )


async def test_a_job_that_nobody_starts_does_not_wait_for_ever() -> None:
    """The deadline of the queue counts from the creation."""
    store = MemoryStore()
    run = run_of(store, Limits(queue_s=0.02))
    await kept(run)
    await asyncio.sleep(0.1)
    await run.ended()
    assert (await record_of(store)).reason == "timeout"


@pytest.mark.parametrize("early", [True, False])
async def test_the_queue_has_no_say_once_it_runs(early: bool) -> None:
    """The deadline of the queue ends where the work begins, even if that was found and started while it was created."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="begun")
        await asyncio.sleep(0.15)
        yield RESULT

    store = SlowStore(0.02)
    run = run_of(store, Limits(queue_s=0.05))
    keeping = asyncio.create_task(kept(run))
    if early:
        while await store.get("job-a") is None:
            await asyncio.sleep(0.001)
    else:
        await keeping
    run.start(work)
    await keeping
    await run.ended()
    assert (await record_of(store)).state is State.SUCCEEDED


async def test_what_may_not_be_done_twice_begins_once_it_is_kept_that_it_does() -> None:
    """Before its first step, and before each step that comes after a wait, that it runs is in the store."""
    store = SlowStore(0.02)
    seen: list[State] = []

    async def work() -> AsyncGenerator[Yielded]:
        seen.append((await record_of(store)).state)
        yield Waiting(reason="the model is loaded")
        yield Working()
        seen.append((await record_of(store)).state)
        yield RESULT

    run = run_of(store, operation=Infer(prompt="x"))
    await kept(run)
    run.start(work)
    await run.ended()
    assert seen == [State.RUNNING, State.RUNNING]


@pytest.mark.parametrize(
    ("retry", "attempt", "state"), [(0, 1, State.FAILED), (1, 2, State.SUCCEEDED), (5, 2, State.SUCCEEDED)]
)
async def test_work_that_is_cut_off_begins_anew_as_often_as_was_agreed(retry: int, attempt: int, state: State) -> None:
    """Its worker dies, and there is another attempt, which counts its pieces from 0; unasked there is none."""
    begun: list[int] = []
    store = MemoryStore()

    async def work() -> AsyncGenerator[Yielded]:
        begun.append(1)
        yield Token(text="a", dt_ms=0.0)
        if len(begun) == 1:
            raise WorkerDied("The worker has died.")
        yield RESULT

    run = run_of(store, operation=Infer(prompt="x"), terms=Terms(retry=retry))
    await kept(run)
    run.start(work)
    await run.ended()
    record = await record_of(store)
    assert (len(begun), record.attempt, record.state, record.tokens) == (attempt, attempt, state, 1)
    log = await store.read("job-a", 0, 100)
    told = [(event.data.n, event.data.reason) for event in log if isinstance(event, AttemptEvent)]
    assert told == [(2, "The worker has died.")] * (attempt - 1)


async def test_work_that_is_cut_off_while_it_is_cancelled_is_not_begun_anew() -> None:
    """Whoever cancels means all attempts."""

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Token(text="a", dt_ms=0.0)
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            raise WorkerDied("The worker has died.") from cancelled

    store = MemoryStore()
    run = run_of(store, operation=Infer(prompt="x"), terms=Terms(retry=5))
    await kept(run)
    run.start(work)
    await run.log.kept_beyond(2)
    run.stop(Stop.cancel("job-a"))
    await run.ended()
    record = await record_of(store)
    assert (record.attempt, record.state.ended) == (1, True)


async def test_the_first_reason_stays_and_cuts_once() -> None:
    """A second stop does not break into the unwinding, which is the proof, and does not change why."""
    unwound = asyncio.Event()

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text="begun")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            unwound.set()

    store = SlowStore(0.001)
    run = run_of(store)
    await kept(run)
    run.start(work)
    await run.log.kept_beyond(2)
    run.stop(Stop.cancel("job-a"))
    await asyncio.sleep(0.01)
    run.stop(Stop.closed("job-a"))
    await run.ended()
    assert unwound.is_set()
    assert ((await record_of(store)).state, (await record_of(store)).reason) == (State.CANCELLED, "cancel")


async def test_work_that_ends_while_it_is_cancelled_has_succeeded() -> None:
    """Who is told to stop and has the result already ends with it; the log shows both."""

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text="begun")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield RESULT

    store = MemoryStore()
    run = run_of(store)
    await kept(run)
    run.start(work)
    await run.log.kept_beyond(2)
    run.stop(Stop.cancel("job-a"))
    await run.ended()
    assert (await record_of(store)).state is State.SUCCEEDED
    assert [str(event.data.state) for event in await store.read("job-a", 0, 9) if event.type == "state"][-1] == "cancelling"


async def test_a_wait_that_is_over_has_no_deadline_any_more() -> None:
    """The deadline of waiting is for one wait: it ends with `Working`, and begins anew with the next."""

    async def work() -> AsyncGenerator[Yielded]:
        for _ in range(4):
            yield Waiting(reason="slot: 1 ahead")
            await asyncio.sleep(0.1)
            yield Working()
        yield RESULT

    store = MemoryStore()
    run = run_of(store, Limits(wait_s=0.3))
    await kept(run)
    run.start(work)
    await run.ended()
    assert (await record_of(store)).state is State.SUCCEEDED


async def test_an_error_is_named_in_the_state_as_on_the_wire() -> None:
    """The reason of a failed job is its error's class in lower case; the error is the job's alone."""
    error = WorkerDied("It died.", signal="SIGKILL")

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="begun")
        raise error

    record = await outcome(work)
    assert (record.state, record.reason) == (State.FAILED, "worker_died")
    assert record.error is not None
    assert record.error.fields == {"signal": "SIGKILL", "job_id": "job-a"}
    assert error.job_id is None


async def test_an_error_with_odd_fields_still_ends_its_job() -> None:
    """What is no JSON in an error becomes text: nothing that a log holds can keep readers from reading it."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="half \ud800 of a pair")
        raise QueenError("Half \udc80.", path=Path("/x"), seen={1}, raw=b"\xff", number=float("nan"))

    store = MemoryStore()
    record = await outcome(work, store)
    assert record.error is not None
    assert record.error.fields == {"path": "/x", "seen": [1], "raw": "b'\\xff'", "number": None, "job_id": "job-a"}
    assert "�" in record.error.what
    assert all(event.line for event in await store.read("job-a", 0, 99))


@pytest.mark.parametrize("value", ["\ud800", float("inf"), {"a": [{"b": "\udfff"}]}])
async def test_a_result_is_plain_data(value: object) -> None:
    """Whatever a model made of JSON, its result can be written and read."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Anything(value=value)

    store = MemoryStore()
    assert (await outcome(work, store)).state is State.SUCCEEDED
    assert all(event.line for event in await store.read("job-a", 0, 99))


async def test_a_result_that_is_no_data_is_a_defect() -> None:
    """A result that cannot be written ends the job as an internal error, and does not leave it without an end."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Anything(value=object())

    record = await outcome(work)
    assert record.error is not None
    assert (record.state, record.reason, record.error.kind) == (State.FAILED, "internal", "InternalError")


async def test_work_that_cancels_itself_is_a_defect() -> None:
    """Nobody has cancelled it, so nobody is said to have."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="begun")
        raise asyncio.CancelledError

    record = await outcome(work)
    assert record.error is not None
    assert (record.state, record.error.kind) == (State.FAILED, "InternalError")


@pytest.mark.parametrize("silent", [True, False])
async def test_work_is_stopped_when_its_log_cannot_be_kept(silent: bool) -> None:
    """The store's failure stops the work once, be it silent or not, waits until it has unwound, and is the job's end."""
    unwound = list[str]()

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text="one")
            yield Log(text="too much")
            while not silent:
                yield Token(text="x", dt_ms=1.0)
                await asyncio.sleep(0)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)
            unwound.append("whole")

    record = await outcome(work, FullStore(room=2, reserve=1))
    assert unwound == ["whole"]
    assert record.error is not None
    assert (record.state, record.reason, record.error.kind) == (State.FAILED, "store_failed", "StoreFailed")


async def test_one_whose_end_is_not_kept_says_so() -> None:
    """Waiting for the end of such a job raises the store's error, each time."""
    run = run_of(FullStore(room=1))
    await kept(run)
    run.start(forever)
    for _ in range(2):
        with pytest.raises(StoreFailed):
            await run.ended()
    run.stop(Stop.cancel("job-a"))
