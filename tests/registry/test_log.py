"""The log of one job: dense, kept before it is shown, and honest when it cannot be kept."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.errors import IllegalTransition, StoreFailed
from queenlib.messages.base import Deleted
from queenlib.messages.events import (
    Body,
    Channel,
    EndData,
    EndEvent,
    Event,
    Log,
    Metrics,
    Progress,
    StateEvent,
    Token,
    TokenEvent,
    Waiting,
    Working,
    Yielded,
)
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.log import PENDING_LIMIT, JobLog
from queenlib.registry.memory import MemoryStore
from queenlib.registry.pieces import PIECES_LIMIT
from queenlib.registry.registry import Registry
from queenlib.registry.store import Store
from queenlib.world import World
from tests.registry.stores import FullStore, SlowStore, log_of_one

OPERATION = ModelDelete(model="m")
DONE = EndData(state=State.SUCCEEDED)


async def running(store: Store) -> JobLog:
    """The log of a job that runs."""
    log = log_of_one(OPERATION, store)
    await log.create()
    log.state(State.RUNNING)
    return log


def token(text: str, dt_ms: float = 1.0, channel: Channel = "content") -> Token:
    """A piece of an answer."""
    return Token(text=text, dt_ms=dt_ms, channel=channel)


def pieces(events: list[Event]) -> list[tuple[str, float, str]]:
    """The pieces of an answer, as they stand in a log."""
    found: list[tuple[str, float, str]] = []
    for event in events:
        if isinstance(event, TokenEvent):
            cuts = pairwise((0, *event.data.cuts))
            texts = [event.data.text[start:end] for start, end in cuts]
            found += [(text, dt, event.data.channel) for text, dt in zip(texts, event.data.dt_ms, strict=True)]
    return found


BODIES = st.one_of(
    st.builds(token, st.text(max_size=4), st.floats(0, 1e4), st.sampled_from(["content", "content", "reasoning"])),
    st.builds(Log, text=st.text(max_size=5)),
    st.builds(Progress, what=st.just("x"), done=st.integers(0, 9), total=st.none(), unit=st.just("steps")),
    st.builds(Metrics, values=st.just({"a_ms": 1.0})),
    st.builds(Waiting, reason=st.sampled_from("ab")),
    st.just(Working()),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(BODIES, st.booleans()), max_size=40), st.sampled_from([0.0, 0.002]))
def test_any_bodies_come_back_as_they_were(story: list[tuple[Body, bool]], write_s: float) -> None:
    """Whatever work yields, on a slow store: dense numbers, one end, each piece with its text, time and channel."""

    async def work() -> AsyncGenerator[Yielded]:
        for body, rest in story:
            yield body
            await asyncio.sleep(0.001 if rest else 0)
        yield Deleted(kind="model", id="m")

    async def lived() -> tuple[list[Event], int]:
        registry = Registry(SlowStore(write_s), World())
        job_id = await registry.create(OPERATION, work)
        log = [event async for event in await registry.follow(job_id, 0)]
        assert log == [event async for event in await registry.follow(job_id, 0)]
        tokens = (await registry.get(job_id)).tokens
        await registry.close()
        return log, tokens

    log, tokens = asyncio.run(lived())
    bodies = [body for body, _ in story]
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert [event for event in log if isinstance(event, EndEvent)] == [log[-1]]
    assert pieces(log) == [(body.text, round(body.dt_ms, 3), body.channel) for body in bodies if isinstance(body, Token)]
    assert [event.data for event in log if event.type in ("log", "progress", "metrics")] == [
        body for body in bodies if isinstance(body, Log | Progress | Metrics)
    ]
    assert tokens == len(pieces(log))
    firsts = [(event.data.i, len(event.data.cuts)) for event in log if isinstance(event, TokenEvent)]
    assert [i for i, _ in firsts] == [sum(count for _, count in firsts[:n]) for n in range(len(firsts))]


async def test_pieces_gather_while_the_store_writes() -> None:
    """Pieces that come while the store is busy share an event: of one channel, and only so many; the first goes alone."""
    store = SlowStore()
    log = await running(store)
    for n in range(PIECES_LIMIT + 11):
        await log.write(token(f"{n},"))
    await log.write(token("hm", channel="reasoning"))
    await log.end(DONE)
    counts = [len(event.data.cuts) for event in await store.read("job-a", 0, 100) if isinstance(event, TokenEvent)]
    assert counts == [1, PIECES_LIMIT, 10, 1]


@pytest.mark.parametrize("busy", [False, True])
async def test_the_first_piece_of_an_answer_is_kept_before_the_work_goes_on(busy: bool) -> None:
    """Whether the store is idle or busy; later pieces are not waited for."""
    log = await running(SlowStore())
    if busy:
        await log.write(Log(text="x"))
        await asyncio.sleep(0.001)
    else:
        await log.settled()
    await log.write(token("a"))
    assert log.shown.tokens == 1
    await log.write(token("b"))
    assert log.shown.tokens == 1
    await log.end(DONE)


async def test_who_waits_for_the_first_piece_can_leave() -> None:
    """Work that is cancelled while it waits ends at once, and the piece is kept."""
    store = SlowStore()
    log = await running(store)
    await log.settled()
    store.write_s = 0.2
    writing = asyncio.create_task(log.write(token("a")))
    await asyncio.sleep(0.01)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert log.shown.tokens == 0
    await log.end(DONE)
    assert log.shown.tokens == 1


async def test_progress_goes_with_what_comes_right_after_it() -> None:
    """It waits a moment, so that both take one write; where nothing comes, it goes alone."""
    store = SlowStore()
    log = await running(store)
    await log.settled()
    before, written = log.shown.last_seq, store.written
    await log.write(Progress(what="prefill", done=1, total=2, unit="tokens"))
    await asyncio.sleep(0)
    await log.write(token("x"))
    assert (log.shown.last_seq, store.written) == (before + 2, written + 1)
    await log.write(Progress(what="prefill", done=2, total=2, unit="tokens"))
    async with asyncio.timeout(10):
        assert await log.kept_beyond(before + 2)
    await log.end(DONE)


async def test_the_end_goes_with_the_account_before_it() -> None:
    """Which comes a few steps before it: an answer of one piece takes two writes, and no third."""
    store = SlowStore()
    log = await running(store)
    await log.settled()
    written = store.written
    await log.write(token("x"))
    await log.write(Metrics(values={"ttft_ms": 1.0}))
    for _ in range(5):
        await asyncio.sleep(0)
    await log.end(DONE, {"text": "x"})
    assert store.written == written + 2


async def test_a_state_comes_after_the_pieces_before_it() -> None:
    """What happened first has the lower number, also where pieces were still gathered."""
    store = SlowStore()
    log = await running(store)
    await log.write(token("x"))
    log.state(State.CANCELLING)
    await log.end(EndData(state=State.CANCELLED))
    assert [event.type for event in await store.read("job-a", 2, 100)] == ["token", "state", "end"]


async def test_work_waits_for_a_store_that_is_far_behind() -> None:
    """No more than so many events wait for the store; then the work waits."""
    store = SlowStore(0.05)
    log = await running(store)
    for n in range(PENDING_LIMIT + 1):
        await log.write(Log(text=str(n)))
    assert await store.read("job-a", PENDING_LIMIT, 10)
    await log.end(DONE)


async def test_an_illegal_state_is_not_noted() -> None:
    """A state that may not follow raises, and the log is as it was."""
    log = await running(MemoryStore())
    before = log.record
    with pytest.raises(IllegalTransition):
        log.state(State.RUNNING)
    assert log.record is before
    await log.end(DONE)


async def test_one_that_is_told_to_stop_is_not_waiting() -> None:
    """What work says about waiting while it unwinds does not change the state."""
    store = MemoryStore()
    log = await running(store)
    log.state(State.CANCELLING)
    for body in (Waiting(reason="a"), Working(), Log(text="bye")):
        await log.write(body)
    await log.end(EndData(state=State.CANCELLED))
    kept = await store.read("job-a", 0, 100)
    assert [str(event.data.state) for event in kept if isinstance(event, StateEvent)] == ["queued", "running", "cancelling"]


async def test_the_result_names_its_job() -> None:
    """A result that has a field for its job gets it; an operation does not know it."""
    store = MemoryStore()
    log = await running(store)
    await log.end(DONE, {"text": "x", "job_id": ""})
    record = await store.get("job-a")
    assert record is not None
    assert record.result == {"text": "x", "job_id": "job-a"}


async def test_who_succeeds_waits_no_more() -> None:
    """Work that has its result has what it waited for, whether it said so or not."""
    store = MemoryStore()
    log = await running(store)
    await log.write(Waiting(reason="slot: 1 ahead"))
    await log.end(DONE, {})
    assert [event.type for event in await store.read("job-a", 3, 100)] == ["state", "result", "end"]


async def test_waiting_ends_with_the_log() -> None:
    """Who waits for more than there will be is told that there is none, before and after the end."""
    log = await running(MemoryStore())
    waiting = asyncio.create_task(log.kept_beyond(99))
    await asyncio.sleep(0)
    await log.end(DONE)
    assert await waiting is False
    assert await log.kept_beyond(log.record.last_seq) is False
    assert await log.kept_beyond(1) is True


async def test_a_store_that_fails_gets_an_end_that_says_so() -> None:
    """After a failure one event is written, once: the end, with the store's error, right behind what is kept."""
    store = FullStore(room=3, reserve=1)
    log = await running(store)
    await log.write(Log(text="kept"))
    assert await log.kept_beyond(2)
    await log.write(Log(text="not kept"))
    assert "No space left" in (await log.broken).why
    await log.end(DONE, {"lost": True})
    *_, before, end = await store.read("job-a", 0, 100)
    assert isinstance(end, EndEvent)
    assert end.data.error is not None
    assert (before.seq, end.seq, end.data.reason, end.data.error.kind) == (3, 4, "store_failed", "StoreFailed")
    record = await store.get("job-a")
    assert record is not None
    assert (record.state, record.result, record.last_seq, log.tail.lost) == (State.FAILED, None, 4, None)


async def test_where_not_even_the_end_is_kept_everyone_is_told() -> None:
    """When the store fails for good, the writer, the readers who wait and those who come later get the typed error."""
    store = FullStore(room=2)
    log = await running(store)
    assert await log.kept_beyond(1)
    waiting = asyncio.create_task(log.kept_beyond(2))
    await log.write(Log(text="not kept"))
    await log.broken
    tried = store.tried
    with pytest.raises(StoreFailed):
        await log.end(DONE)
    assert store.tried == tried + 1
    for told in (waiting, log.kept_beyond(2), log.write(Log(text="late"))):
        with pytest.raises(StoreFailed) as caught:
            await told
        assert caught.value.job_id == "job-a"
    assert await log.kept_beyond(1)


async def test_a_job_that_cannot_be_kept_is_none() -> None:
    """A store that cannot keep a new job is a typed error, and there is no job."""
    store = FullStore(room=0)
    with pytest.raises(StoreFailed) as caught:
        await log_of_one(OPERATION, store).create()
    assert "No job was made" in caught.value.state
    assert await store.get("job-a") is None
