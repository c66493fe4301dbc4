"""Feeds: every item once and in order, across threads, and nothing left open behind."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from queenlib.client.feed import FEED_LIMIT, Feed, closing
from queenlib.client.portal import Portal
from queenlib.errors import Conflict, QueenClosed


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal that is closed in the end."""
    made = Portal()
    yield made
    made.close()


class Numbers:
    """A stream that counts, and knows how far it came and whether it was closed."""

    def __init__(self, count: int = 10**9) -> None:
        self.count, self.given, self.closed = count, 0, threading.Event()

    async def _count(self) -> AsyncGenerator[int]:
        try:
            for n in range(self.count):
                self.given = n
                yield n
                if n % 100 == 0:
                    await asyncio.sleep(0)
        finally:
            self.closed.set()

    async def open(self) -> AsyncIterator[int]:
        """The stream."""
        return self._count()


def test_a_feed_brings_everything_in_order(portal: Portal) -> None:
    """Blocking and awaiting readers get each item once, more than fit in the hand-over included."""
    count = FEED_LIMIT * 3
    assert list(Feed(portal, Numbers(count).open)) == list(range(count))

    async def drawn() -> list[int]:
        return [n async for n in Feed(portal, Numbers(count).open)]

    assert asyncio.run(drawn()) == list(range(count))


def test_a_slow_reader_holds_its_source_back(portal: Portal) -> None:
    """A reader that does not read costs no more than the hand-over holds, and gets all when it reads again."""
    numbers = Numbers(FEED_LIMIT * 4)
    items = iter(Feed(portal, numbers.open))
    assert next(items) == 0
    time.sleep(0.3)
    assert numbers.given <= 2 * FEED_LIMIT
    assert list(items) == list(range(1, numbers.count))


async def test_leaving_a_feed_closes_its_source(portal: Portal) -> None:
    """Who leaves a loop leaves nothing open behind."""
    numbers = Numbers()
    stream = Feed(portal, numbers.open).__aiter__()
    assert await anext(stream) == 0
    await stream.aclose()
    assert await asyncio.to_thread(numbers.closed.wait, 5)


async def test_dropping_a_feed_closes_its_source(portal: Portal) -> None:
    """A reader that is forgotten, blocking or awaiting, is closed as soon as it is gone."""
    blocking, awaiting = Numbers(), Numbers()
    items, stream = iter(Feed(portal, blocking.open)), Feed(portal, awaiting.open).__aiter__()
    assert next(items) == await anext(stream) == 0
    del items, stream
    assert await asyncio.to_thread(blocking.closed.wait, 5)
    assert await asyncio.to_thread(awaiting.closed.wait, 5)


def test_a_feeds_error_comes_after_its_items(portal: Portal) -> None:
    """What came before the error is seen, then the error; a source that does not open is an error as well."""

    async def broken() -> AsyncGenerator[int]:
        yield 1
        raise OSError("gone")

    async def source() -> AsyncIterator[int]:
        return broken()

    async def shut() -> AsyncIterator[int]:
        raise OSError("shut")

    items = iter(Feed(portal, source))
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)
    with pytest.raises(OSError, match="shut"):
        list(Feed(portal, shut))


@pytest.mark.parametrize("blocking", [True, False])
def test_a_stream_that_is_given_up_says_so(blocking: bool) -> None:
    """When the portal is closed under a stream that has not ended, its reader gets an error and no quiet end."""
    portal, numbers = Portal(wind_down_s=0.1), Numbers()

    def block() -> None:
        for _ in Feed(portal, numbers.open):
            portal.close()

    async def draw() -> None:
        async for _ in Feed(portal, numbers.open):
            await asyncio.to_thread(portal.close)

    with pytest.raises(QueenClosed):
        block() if blocking else asyncio.run(draw())
    assert numbers.closed.is_set()


def test_on_the_portals_own_thread_it_is_awaited(portal: Portal) -> None:
    """There, drawing by blocking is refused, and `async for` works."""

    async def inside() -> list[int]:
        with pytest.raises(Conflict):
            next(iter(Feed(portal, Numbers().open)))
        return [n async for n in Feed(portal, Numbers(500).open)]

    assert portal.wait(inside()) == list(range(500))


def test_leaving_on_the_portals_own_thread_closes_the_source(portal: Portal) -> None:
    """There, too, it leaves nothing open behind, and the reader is told."""
    told = list[str]()
    numbers = Numbers()

    class Told:
        def begin(self) -> None:
            told.append("begin")

        def leave(self) -> None:
            told.append("leave")

    async def inside() -> bool:
        async with aclosing(Feed(portal, numbers.open, Told()).__aiter__()) as items:
            assert await anext(items) == 0
        return numbers.closed.is_set()

    assert portal.wait(inside())
    assert told == ["begin", "leave"]


async def test_closing_takes_any_stream() -> None:
    """One that can be closed is closed in the end; one that cannot is left as it is."""
    numbers = Numbers()
    async with closing(await numbers.open()) as stream:
        assert await anext(stream) == 0
    assert numbers.closed.is_set()

    class Bare:
        def __aiter__(self) -> AsyncIterator[int]:
            return self

        async def __anext__(self) -> int:
            return 7

    async with closing(Bare()) as bare:
        assert await anext(bare) == 7
