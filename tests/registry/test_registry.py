"""The registry: each job created once, run once, followed by any number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from queenlib.errors import InvalidRequest, QueueFull, StoreFailed, StreamBeyondEnd, UnknownJob, UnknownModel
from queenlib.messages.base import Deleted
from queenlib.messages.events import EndEvent, Event, Log, Token, TokenEvent, Waiting, Working, Yielded
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.memory import MemoryStore
from queenlib.registry.registry import Registry
from queenlib.registry.run import Work
from queenlib.registry.store import Store
from queenlib.world import World
from tests.registry.stores import FullStore, SlowStore

OPERATION = ModelDelete(model="m")
RESULT = Deleted(kind="model", id="m")


async def started(registry: Registry, work: Work) -> str:
    """A job with this work, under way."""
    return await registry.create(OPERATION, work)


async def log_of(registry: Registry, job_id: str, after: int = 0) -> list[Event]:
    """The whole log, to its end."""
    return [event async for event in await registry.follow(job_id, after)]


async def three_lines() -> AsyncGenerator[Yielded]:
    """Work of three lines."""
    for n in range(3):
        yield Log(text=f"line {n}")
        await asyncio.sleep(0)
    yield RESULT


async def forever() -> AsyncGenerator[Yielded]:
    """Work that never ends by itself."""
    yield Log(text="begun")
    await asyncio.Event().wait()


async def states(registry: Registry, job_id: str) -> list[str]:
    """The states that a job went through."""
    return [str(event.data.state) for event in await log_of(registry, job_id) if event.type in ("state", "end")]


async def test_a_job_runs_without_readers(registry: Registry) -> None:
    """A started job ends though nobody looks."""
    job_id = await started(registry, three_lines)
    while not (await registry.get(job_id)).state.ended:
        await asyncio.sleep(0.01)
    assert (await registry.get(job_id)).result == RESULT.wire()


async def test_every_reader_sees_the_same_dense_log(registry: Registry) -> None:
    """Early, late and resuming readers see one sequence, ended once."""
    job_id = await started(registry, three_lines)
    early = await asyncio.gather(*(log_of(registry, job_id) for _ in range(5)))
    late = await log_of(registry, job_id)
    assert all(log == late for log in early)
    assert [event.seq for event in late] == list(range(1, len(late) + 1))
    assert [isinstance(event, EndEvent) for event in late].index(True) == len(late) - 1
    assert await log_of(registry, job_id, after=3) == late[3:]


async def test_leaving_a_stream_does_not_stop_its_job(registry: Registry) -> None:
    """A reader that leaves is a reader less, and nothing else."""
    go = asyncio.Event()

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="begun")
        await go.wait()
        yield RESULT

    job_id = await started(registry, work)
    async with aclosing(await registry.follow(job_id, 0)) as events:
        assert (await anext(events)).seq == 1
    go.set()
    assert (await log_of(registry, job_id))[-1].data.state is State.SUCCEEDED


async def test_cancel_returns_when_the_work_has_unwound(registry: Registry) -> None:
    """`cancelled` is written after the last line of the work's own clean-up."""
    order: list[str] = []

    async def work() -> AsyncGenerator[Yielded]:
        try:
            yield Log(text="begun")
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            order.append("unwound")

    job_id = await started(registry, work)
    async with aclosing(await registry.follow(job_id, 0)) as events:
        async for event in events:
            if event.type == "log":
                break
    record = await registry.cancel(job_id)
    order.append("returned")
    assert (record.state, order) == (State.CANCELLED, ["unwound", "returned"])
    assert await states(registry, job_id) == ["queued", "running", "cancelling", "cancelled"]


async def test_many_cancels_are_one(registry: Registry) -> None:
    """Cancelling at once, twice and after the end gives the same end."""
    job_id = await started(registry, forever)
    records = await asyncio.gather(*(registry.cancel(job_id) for _ in range(5)))
    again = await registry.cancel(job_id)
    assert {record.state for record in [*records, again]} == {State.CANCELLED}
    assert (await states(registry, job_id)).count("cancelled") == 1


async def test_a_job_is_cancelled_before_its_first_step(registry: Registry) -> None:
    """A cancel in the same turn as the start ends the job, and its work never begins."""
    begun = False

    async def work() -> AsyncGenerator[Yielded]:
        nonlocal begun
        begun = True
        yield RESULT

    job_id = await registry.create(OPERATION)
    registry.start(job_id, work)
    assert (await registry.cancel(job_id)).state is State.CANCELLED
    assert not begun


async def test_a_job_that_was_never_started_can_be_cancelled(registry: Registry) -> None:
    """One that waits for its first stream ends from `queued`."""
    job_id = await registry.create(OPERATION)
    assert (await registry.cancel(job_id)).state is State.CANCELLED
    assert await states(registry, job_id) == ["queued", "cancelled"]


async def test_a_job_that_is_done_at_the_moment_of_cancel_keeps_its_end(registry: Registry) -> None:
    """A cancel that comes too late changes nothing."""
    job_id = await started(registry, three_lines)
    await log_of(registry, job_id)
    assert (await registry.cancel(job_id)).state is State.SUCCEEDED


async def test_what_an_operation_raises_is_the_jobs_error(registry: Registry) -> None:
    """A typed error ends the job as it is; the partial log stays; the registry lives on."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="before")
        raise UnknownModel("No model m.", why="w", state="s", next="n", known=["a"])

    job_id = await started(registry, work)
    log = await log_of(registry, job_id)
    assert [event.type for event in log] == ["state", "state", "log", "end"]
    error = (await registry.get(job_id)).error
    assert error is not None
    assert (error.kind, error.what, error.fields) == ("UnknownModel", "No model m.", {"known": ["a"], "job_id": job_id})
    assert (await log_of(registry, await started(registry, three_lines)))[-1].data.state is State.SUCCEEDED


async def test_a_defect_is_told_with_its_traceback(registry: Registry) -> None:
    """An exception that nobody foresaw ends the job as an internal error, with the traceback as text."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="before")
        raise ZeroDivisionError("by zero")

    job_id = await started(registry, work)
    await log_of(registry, job_id)
    error = (await registry.get(job_id)).error
    assert error is not None
    assert error.kind == "InternalError"
    assert "ZeroDivisionError: by zero" in error.fields["remote_traceback"]


async def test_work_without_a_result_is_a_defect(registry: Registry) -> None:
    """An operation that forgets its result fails and says so."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Log(text="only this")

    job_id = await started(registry, work)
    await log_of(registry, job_id)
    assert (await registry.get(job_id)).state is State.FAILED


async def test_waiting_is_a_state_with_its_reason(registry: Registry) -> None:
    """`Waiting` and `Working` become state events; the same reason twice is one event."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Waiting(reason="slot: 2 ahead")
        yield Waiting(reason="slot: 2 ahead")
        yield Waiting(reason="slot: 1 ahead")
        yield Log(text="still waiting")
        yield Working()
        yield RESULT

    job_id = await started(registry, work)
    assert await states(registry, job_id) == ["queued", "running", "waiting", "waiting", "running", "succeeded"]


@pytest.mark.parametrize(
    ("limits", "deadline"),
    [(Limits(run_s=0.05), "run"), (Limits(wait_s=0.05), "wait"), (Limits(queue_s=0.05, running=0), "queue")],
)
async def test_each_deadline_ends_the_job_and_says_which_it_was(limits: Limits, deadline: str) -> None:
    """A job that is queued, runs or waits for too long fails with the deadline's name and length."""

    async def work() -> AsyncGenerator[Yielded]:
        yield Waiting(reason="something")
        await asyncio.Event().wait()

    registry = Registry(MemoryStore(), World(), limits)
    job_id = await started(registry, work)
    await log_of(registry, job_id)
    record = await registry.get(job_id)
    assert record.error is not None
    assert (record.state, record.error.kind, record.error.fields["deadline"]) == (State.FAILED, "JobTimeout", deadline)
    assert record.error.fields["limit_s"] == 0.05
    await registry.close()


@pytest.mark.parametrize("phase", ["queued", "running", "waiting", "unasked"])
async def test_a_jobs_own_time_ends_it_wherever_it_is(phase: str) -> None:
    """Queued, at work, blocked or not even started: when its time is over it fails, and says which deadline it was."""

    async def work() -> AsyncGenerator[Yielded]:
        if phase == "waiting":
            yield Waiting(reason="something")
        await asyncio.Event().wait()
        yield RESULT

    registry = Registry(MemoryStore(), World(), Limits(running=0 if phase == "queued" else 1))
    job_id = await registry.create(OPERATION, None if phase == "unasked" else work, Terms(timeout=0.05))
    await log_of(registry, job_id)
    record = await registry.get(job_id)
    assert record.error is not None
    assert (record.state, record.reason, record.error.kind) == (State.FAILED, "timeout", "JobTimeout")
    assert record.error.fields == {"deadline": "job", "limit_s": 0.05, "job_id": job_id}
    await registry.close()


async def test_a_jobs_own_time_does_not_hurry_what_ends_before() -> None:
    """It changes nothing of a job that is quick, and nothing of it is left when that has ended."""
    registry = Registry(MemoryStore(), World())
    job_id = await registry.create(OPERATION, three_lines, Terms(timeout=0.5))
    assert (await log_of(registry, job_id))[-1].data.state is State.SUCCEEDED
    await asyncio.sleep(0.6)
    assert (await registry.get(job_id)).state is State.SUCCEEDED
    await registry.close()


async def test_a_full_registry_refuses_and_makes_no_job() -> None:
    """One job too many is refused with the time to come again; when one ends there is room."""
    registry = Registry(MemoryStore(), World(), Limits(unfinished=2))
    first = await started(registry, forever)
    await started(registry, forever)
    with pytest.raises(QueueFull) as caught:
        await registry.create(OPERATION)
    assert caught.value.retry_after_s > 0
    assert len((await registry.page(10, None)).jobs) == 2
    await registry.cancel(first)
    assert await registry.create(OPERATION)
    await registry.close()


async def test_closing_ends_every_job_and_says_why(registry: Registry, reopen: Callable[[], Store]) -> None:
    """Jobs under way and jobs never started fail with `queen_closed`."""
    jobs = [await started(registry, forever), await registry.create(OPERATION)]
    await asyncio.sleep(0.01)
    await registry.close()
    store = reopen()
    found = [await store.get(job) for job in jobs]
    await store.close()
    assert [(record.state, record.reason) for record in found] == [(State.FAILED, "queen_closed")] * 2


async def test_a_job_is_found_by_a_unique_prefix(registry: Registry) -> None:
    """The id without `job-`, or its beginning, will do; one that is shared or too short will not."""
    job_id = await registry.create(OPERATION)
    assert (await registry.get(job_id[:9])).id == job_id
    assert (await registry.get(job_id.removeprefix("job-"))).id == job_id
    await registry.create(OPERATION)
    for bad in ("", "job-", "j", job_id[:7], "job-nothing", "*", "../x"):
        with pytest.raises(UnknownJob):
            await registry.get(bad)


async def test_a_cursor_past_the_log_is_refused(registry: Registry) -> None:
    """Reading beyond the last event is an error that says where the log is, at once and not at the first event."""
    job_id = await registry.create(OPERATION)
    with pytest.raises(StreamBeyondEnd) as caught:
        await registry.follow(job_id, 7)
    assert caught.value.last_seq == 1
    with pytest.raises(InvalidRequest):
        await registry.follow(job_id, -1)


async def test_nothing_is_shown_before_it_is_kept_and_pieces_share_events() -> None:
    """While the store writes, pieces of an answer gather into one event; each keeps its text and its time."""
    store = SlowStore()
    registry = Registry(store, World())
    pieces = [f"p{n}," for n in range(200)]

    async def work() -> AsyncGenerator[Yielded]:
        for n, text in enumerate(pieces):
            yield Token(text=text, dt_ms=float(n))
            await asyncio.sleep(0)
        yield RESULT

    job_id = await registry.create(Infer(prompt="x"), work)
    seen: list[Event] = []
    async for event in await registry.follow(job_id, 0):
        kept = await store.read(job_id, event.seq - 1, 1)
        assert kept[0] is event
        seen.append(event)
    tokens = [event.data for event in seen if isinstance(event, TokenEvent)]
    assert 1 < len(tokens) < 100
    assert "".join(data.text for data in tokens) == "".join(pieces)
    assert [gap for data in tokens for gap in data.dt_ms] == [float(n) for n in range(200)]
    assert [data.i for data in tokens] == [sum(len(before.cuts) for before in tokens[:n]) for n in range(len(tokens))]
    assert (await registry.get(job_id)).tokens == 200
    await registry.close()


async def test_a_reader_at_the_end_is_done_at_once(registry: Registry) -> None:
    """Following on from the end, at the very moment of the end too, gives nothing and does not hold the queen up."""
    job_id = await started(registry, three_lines)
    last = (await log_of(registry, job_id))[-1].seq
    for _ in range(3):
        async with asyncio.timeout(10):
            assert await log_of(registry, job_id, after=last) == []
        await asyncio.sleep(0)


async def test_a_prefix_that_is_shared_names_one_of_those() -> None:
    """The error tells a prefix that several have from one that none has."""

    class Counting(World):
        """Gives ids that are alike."""

        def new_id(self, kind: str) -> str:
            return f"{kind}-aaaa{self.random.getrandbits(40):012x}"

    registry = Registry(MemoryStore(), Counting())
    for _ in range(2):
        await registry.create(OPERATION)
    with pytest.raises(UnknownJob) as shared:
        await registry.get("job-aaaa")
    with pytest.raises(UnknownJob) as none:
        await registry.get("job-bbbb")
    assert "such as job-aaaa" in shared.value.why
    assert "such as" not in none.value.why
    await registry.close()


async def test_many_creates_at_once_keep_to_the_limit() -> None:
    """The limit holds also while the store is busy keeping new jobs."""
    registry = Registry(SlowStore(), World(), Limits(unfinished=3))
    made = await asyncio.gather(*(registry.create(OPERATION) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in made) == 3
    assert sum(isinstance(each, QueueFull) for each in made) == 7
    assert len((await registry.page(100, None)).jobs) == 3
    await registry.close()


async def test_a_create_that_is_given_up_leaves_a_whole_job() -> None:
    """Who does not wait until the job is kept leaves one that runs and ends all the same."""
    store = SlowStore()
    registry = Registry(store, World())
    creating = asyncio.create_task(registry.create(OPERATION, three_lines))
    await asyncio.sleep(0.005)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    while not (jobs := (await registry.page(10, None)).jobs):
        await asyncio.sleep(0.001)
    (job,) = jobs
    assert (await log_of(registry, job.id))[-1].data.state is State.SUCCEEDED
    await registry.close()


async def test_who_finds_a_job_while_it_is_created_sees_all_of_it() -> None:
    """A job that is in the store already, and whose creator does not know yet, is followed to its end."""
    registry = Registry(SlowStore(), World())
    creating = asyncio.create_task(registry.create(OPERATION, three_lines))
    while not (jobs := (await registry.page(10, None)).jobs):
        await asyncio.sleep(0.001)
    assert not creating.done()
    (job,) = jobs
    log = await log_of(registry, job.id)
    assert isinstance(log[-1], EndEvent)
    assert await creating == job.id
    await registry.close()


async def test_closing_while_a_job_is_created_ends_it_too() -> None:
    """A job that is being kept when the queen is closed is kept, and ends as closed."""
    store = SlowStore()
    registry = Registry(store, World())
    creating = asyncio.create_task(registry.create(OPERATION, forever))
    await asyncio.sleep(0.005)
    store.write_s = 0.0  # what comes next is quick, and would be before it
    await registry.close()
    record = await store.get(await creating)
    assert record is not None
    assert (record.state, record.reason) == (State.FAILED, "queen_closed")
    assert record.error is not None
    with pytest.raises(QueueFull):
        await registry.create(OPERATION)


async def test_cancels_of_one_that_was_never_started_return_when_it_has_ended() -> None:
    """Two at once, on a slow store, both see the end, and so does a reader who was there before."""
    registry = Registry(SlowStore(), World())
    job_id = await registry.create(OPERATION)
    reader = asyncio.create_task(log_of(registry, job_id))
    await asyncio.sleep(0)
    records = await asyncio.gather(registry.cancel(job_id), registry.cancel(job_id))
    assert [record.state for record in records] == [State.CANCELLED] * 2
    assert records[0].error is not None
    assert isinstance((await reader)[-1], EndEvent)
    await registry.close()


async def test_a_start_after_the_cancel_does_nothing(registry: Registry) -> None:
    """A job that was cancelled, or is not there, cannot be started any more."""
    job_id = await registry.create(OPERATION)
    await registry.cancel(job_id)
    registry.start(job_id, three_lines)
    registry.start("job-none", three_lines)
    assert registry.unstarted(job_id) is None
    assert await states(registry, job_id) == ["queued", "cancelled"]


def timers(loop: asyncio.AbstractEventLoop) -> int:
    """How many timers a loop has ahead of it."""
    return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]


async def test_jobs_that_have_ended_are_not_held_in_hand() -> None:
    """Of thousands of jobs that have ended, nothing is left but what the store keeps: no task, no timer, no place taken."""
    registry = Registry(MemoryStore(), World(), Limits(unfinished=100, running=10))
    loop = asyncio.get_running_loop()
    before = (len(asyncio.all_tasks()), timers(loop))
    for _ in range(20):
        jobs = [await registry.create(OPERATION, three_lines) for _ in range(100)]
        await asyncio.gather(*(log_of(registry, job) for job in jobs))
        await asyncio.sleep(0)
    assert (len(asyncio.all_tasks()), timers(loop), len(registry._runs)) == (*before, 0)
    await registry.close()


async def test_a_store_that_fails_for_good_is_told_to_everyone_and_holds_nobody_up() -> None:
    """Readers, cancels and latecomers of a job whose log cannot be kept get the typed error; other jobs can be read."""
    store = FullStore(room=100)
    registry = Registry(store, World())
    whole = await started(registry, three_lines)
    await log_of(registry, whole)
    store.room = 2  # for `queued` and `running`, and nothing more
    job_id = await started(registry, forever)
    async with asyncio.timeout(10):
        for told in (log_of(registry, job_id), log_of(registry, job_id, 1), registry.cancel(job_id)):
            with pytest.raises(StoreFailed) as caught:
                await told
            assert "No space left" in caught.value.why
        with pytest.raises(StoreFailed):
            await registry.create(OPERATION)
        assert registry.unstarted(job_id) is None
        assert (await log_of(registry, whole))[-1].data.state is State.SUCCEEDED
        store.room = 100
        assert (await log_of(registry, await started(registry, three_lines)))[-1].data.state is State.SUCCEEDED
        await registry.close()
