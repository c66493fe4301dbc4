"""The portal: work goes on in its own thread, and can be awaited, waited for and fed from."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest

from queenlib.client.portal import FEED_LIMIT, Feed, Portal


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal that is closed in the end."""
    made = Portal()
    yield made
    made.close()


async def where() -> str:
    """The name of the thread that does the work."""
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_work_is_done_on_its_own_thread(portal: Portal) -> None:
    """Waiting and awaiting both run the work on the portal's thread."""
    assert portal.wait(where()) == "queenlib"
    assert asyncio.run(portal.run(where())) == "queenlib"


async def test_it_may_be_waited_for_under_a_running_loop(portal: Portal) -> None:
    """A blocking wait inside a running loop gives the result, and does not dead-lock."""
    assert portal.wait(where()) == "queenlib"


async def test_it_goes_on_while_another_loop_stands_still(portal: Portal) -> None:
    """A cell that computes does not stop what is done here."""
    ticks = []

    async def tick() -> None:
        for _ in range(5):
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    future = portal.submit(tick())
    time.sleep(0.5)  # noqa: ASYNC251 - a cell that computes
    assert len(ticks) == 5
    future.result(1)


async def test_who_is_cancelled_cancels_the_work_it_waited_for(portal: Portal) -> None:
    """A cancelled await does not leave its work behind."""
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(portal.run(work()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 2)


def test_a_wait_can_be_bounded(portal: Portal) -> None:
    """What takes too long is a `TimeoutError`."""
    with pytest.raises(TimeoutError):
        portal.wait(asyncio.sleep(30), timeout=0.05)


async def numbers(count: int, closed: threading.Event | None = None) -> AsyncGenerator[int]:
    """Counts."""
    try:
        for n in range(count):
            yield n
            if n % 100 == 0:
                await asyncio.sleep(0)
    finally:
        if closed is not None:
            closed.set()


def feed(portal: Portal, count: int, closed: threading.Event | None = None) -> Feed[int]:
    """A feed of numbers."""

    async def source() -> AsyncIterator[int]:
        return numbers(count, closed)

    return Feed(portal, source)


def test_a_feed_brings_everything_in_order(portal: Portal) -> None:
    """Blocking and awaiting readers get each item once, more than fit in the hand-over included."""
    count = FEED_LIMIT * 3
    assert list(feed(portal, count)) == list(range(count))

    async def drawn() -> list[int]:
        return [n async for n in feed(portal, count)]

    assert asyncio.run(drawn()) == list(range(count))


async def test_leaving_a_feed_closes_its_source(portal: Portal) -> None:
    """Who leaves a loop leaves nothing open behind."""
    closed = threading.Event()
    stream = aiter(feed(portal, 10**9, closed))
    assert await anext(stream) == 0
    await stream.aclose()  # type: ignore[attr-defined]
    assert await asyncio.to_thread(closed.wait, 2)


def test_a_feeds_error_comes_after_its_items(portal: Portal) -> None:
    """What came before the error is seen, then the error."""

    async def broken() -> AsyncGenerator[int]:
        yield 1
        raise OSError("gone")

    async def source() -> AsyncIterator[int]:
        return broken()

    items = iter(Feed(portal, source))
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)
