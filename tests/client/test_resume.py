"""A stream that comes back by itself, on lines that break in every way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.client.resume import TRIES, backoff, follow
from queenlib.errors import QueenUnreachable, StreamInterrupted, UnknownJob
from queenlib.messages.events import EndData, EndEvent, Event, Log, LogEvent
from queenlib.messages.state import State
from queenlib.sse import HEARTBEAT, encode, priming
from queenlib.world import World

AT = datetime(2026, 1, 2, tzinfo=UTC)
LOG: list[Event] = [LogEvent(job_id="job-1", seq=n, at=AT, data=Log(text=f"line {n}")) for n in range(1, 10)]
LOG.append(EndEvent(job_id="job-1", seq=10, at=AT, data=EndData(state=State.SUCCEEDED)))

Connect = Callable[[int], AbstractAsyncContextManager[AsyncIterator[bytes] | None]]


@dataclass(frozen=True)
class Hasty(World):
    """A world in which every wait is over at once, and is remembered."""

    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """It is over."""
        self.slept.append(seconds)


def stream(after: int, log: Sequence[Event] = LOG) -> bytes:
    """What a queen sends for the events after a number."""
    return priming(after) + HEARTBEAT.join(encode(event) for event in log if event.seq > after)


def lines(*says: Callable[[int], bytes | None] | Exception) -> tuple[Connect, list[int]]:
    """Lines that say one thing each, the last one again and again; and a list of where they were asked to begin."""
    asked: list[int] = []

    @asynccontextmanager
    async def connect(after: int) -> AsyncIterator[AsyncIterator[bytes] | None]:
        say = says[min(len(asked), len(says) - 1)]
        asked.append(after)
        if isinstance(say, Exception):
            raise say
        yield None if (body := say(after)) is None else pieces(body)

    return connect, asked


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body as it may come."""
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


async def read(connect: Connect, after: int = 0, world: World | None = None) -> list[Event]:
    """The events of a stream, up to its end."""
    async with aclosing(follow(connect, after, world or Hasty())) as events:
        return [event async for event in events if event is not None]


@given(cuts=st.lists(st.integers(0, 2000), max_size=TRIES), overlap=st.integers(0, 3), after=st.integers(0, 9))
async def test_wherever_it_breaks_each_event_comes_once(cuts: list[int], overlap: int, after: int) -> None:
    """In order and up to the end, even if a queen sends some again."""

    def cut_at(place: int) -> Callable[[int], bytes]:
        return lambda seen: stream(max(0, seen - overlap))[:place]

    connect, asked = lines(*map(cut_at, cuts), lambda seen: stream(max(0, seen - overlap)))
    assert await read(connect, after) == LOG[after:]
    assert asked == sorted(asked)


async def test_it_is_there_before_its_first_event() -> None:
    """The first item says that the queen agreed; what speaks against it is raised in its place."""
    connect, _ = lines(stream)
    async with aclosing(follow(connect, 0, Hasty())) as events:
        assert await anext(events) is None
    connect, asked = lines(UnknownJob("No."))
    with pytest.raises(UnknownJob):
        await anext(follow(connect, 0, Hasty()))
    assert asked == [0]


async def test_unreachable_at_first_is_said_at_once() -> None:
    """Only what was once there is waited for."""
    world = Hasty()
    with pytest.raises(QueenUnreachable):
        await read(lines(QueenUnreachable("Gone."))[0], world=world)
    assert world.slept == []


async def test_it_waits_longer_and_longer_and_then_gives_up() -> None:
    """The error says where to go on, and why it broke."""
    world = Hasty()
    connect, asked = lines(lambda after: stream(after, LOG[:4]), QueenUnreachable("Nobody there."))
    with pytest.raises(StreamInterrupted, match="Nobody there") as broken:
        await read(connect, world=world)
    assert (broken.value.last_seq, asked) == (4, [0] + [4] * TRIES)
    assert len(world.slept) == TRIES
    assert world.slept[0] <= 0.1
    assert 2.5 <= world.slept[-1] <= 5


async def test_an_event_makes_it_patient_again() -> None:
    """Tries are counted since the last event that came."""
    dead = QueenUnreachable("Gone.")
    tries: list[Callable[[int], bytes | None] | Exception] = [lambda after: stream(after, LOG[: after + 1])]
    connect, _ = lines(*(tries + [dead] * (TRIES - 1)) * 5, stream)
    assert await read(connect) == LOG


async def test_a_gap_is_not_passed_over() -> None:
    """A stream that leaves one out is asked again, and at last given up with the last that was seen."""
    holed = [event for event in LOG if event.seq != 5]
    with pytest.raises(StreamInterrupted, match="Event 6 came after event 4") as broken:
        await read(lines(lambda after: stream(after, holed))[0])
    assert broken.value.last_seq == 4
    assert await read(lines(lambda after: stream(after, holed), stream)[0]) == LOG


async def test_a_job_that_is_gone_when_it_comes_back() -> None:
    """A refusal is no broken line: it is raised as it is."""
    with pytest.raises(UnknownJob):
        await read(lines(lambda after: stream(after, LOG[:3]), UnknownJob("No."))[0])


async def test_nothing_more_to_come() -> None:
    """Who has all is done."""
    assert await read(lines(lambda _: None)[0], after=10) == []


@pytest.mark.parametrize("said", [b"data: {}\n\n", b"data: nonsense\n\n", b'event: new\ndata: {"type": "new"}\n\n'])
async def test_what_is_no_event_is_not_asked_for_again(said: bytes) -> None:
    """Another version of queenlib would say it again."""
    connect, asked = lines(lambda _: said)
    with pytest.raises(StreamInterrupted, match="no event of this version"):
        await read(connect)
    assert asked == [0]


async def test_leaving_lets_go_of_the_line() -> None:
    """The line is closed when the reader leaves, not later."""
    closed = []

    @asynccontextmanager
    async def connect(after: int) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            yield pieces(stream(after))
        finally:
            closed.append(after)

    async with aclosing(follow(connect, 0, Hasty())) as events:
        async for event in events:
            if event is not None:
                break
    assert closed == [0]


async def test_a_stream_is_read_to_its_end() -> None:
    """What comes after the job's end is waited for a moment, so that its line can be used again; but not for ever."""
    left = []

    async def ends(chunk: bytes, *, soon: bool) -> AsyncGenerator[bytes]:
        try:
            yield chunk
            await asyncio.sleep(0 if soon else 10)
            yield HEARTBEAT
        except asyncio.CancelledError:
            left.append("broken off")
            raise
        left.append("at its end")

    for soon in (True, False):

        @asynccontextmanager
        async def connect(after: int, soon: bool = soon) -> AsyncIterator[AsyncIterator[bytes]]:
            async with aclosing(ends(stream(after), soon=soon)) as chunks:
                yield chunks

        assert await read(connect) == LOG
    assert left == ["at its end", "broken off"]


def test_waits_are_not_all_alike() -> None:
    """Many readers that lost the same queen do not all come back at once."""
    assert len({backoff(5, World()) for _ in range(20)}) > 1
    assert all(0.05 <= backoff(1, World()) <= 0.1 for _ in range(20))
