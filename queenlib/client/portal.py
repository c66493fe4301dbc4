"""The portal: a thread with an event loop of its own, on which all of queenlib's work is done.

A notebook's own loop stands still while a cell computes; this one does not. What is done here may be awaited from any
other loop, or waited for without one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

from queenlib.errors import QueenClosed

T = TypeVar("T")

TICK_S = 0.2
"""A wait on another thread looks up this often: a kernel's interrupt is only seen when its own loop turns."""
FEED_LIMIT = 4096
"""Items that are handed over before their source has to wait."""


WIND_DOWN_S = 1.0
"""Seconds for what is on its way when the portal is closed."""


class Portal:
    """One thread, one loop; started when it is made, ended by `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._turn, name="queenlib", daemon=True)
        self._thread.start()

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._wind_down())
            self._loop.close()

    async def _wind_down(self) -> None:
        """Let what is on its way arrive, such as the end of a stream that is still read; give up on the rest."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            _, late = await asyncio.wait(others, timeout=WIND_DOWN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._loop.shutdown_asyncgens()

    @property
    def inside(self) -> bool:
        """Whether we are on the portal's own thread."""
        return threading.current_thread() is self._thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The portal's loop; to hand something to it, and for nothing else."""
        return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `work` on the portal's loop.

        Raises:
            QueenClosed: The portal was closed.
        """
        if self._loop.is_closed():
            work.close()
            raise QueenClosed(
                "This queen is closed.",
                why="`close()` was called, or its `with` was left.",
                state="Nothing was done.",
                next="Make a new one: Queen()",
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Do `work` on the portal's loop and wait for it, blocking, with or without a running loop.

        Raises:
            TimeoutError: If it took longer than `timeout` seconds; it was cancelled then.
        """
        assert not self.inside, "the portal would wait for itself"
        future = self.submit(work)
        try:
            return future.result(timeout)
        except (TimeoutError, KeyboardInterrupt):
            future.cancel()
            raise

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` on the portal's loop and await it. If we are cancelled, so is the work."""
        if self.inside:
            return await work
        future = self.submit(work)
        done = asyncio.wrap_future(future)
        try:
            while not done.done():
                await asyncio.wait({done}, timeout=TICK_S)
            return done.result()
        except asyncio.CancelledError:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread; what still runs on it is given up."""
        if self._thread.is_alive() and not self.inside:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


class Feed(Generic[T]):
    """Brings the items of a stream from the portal's loop to another thread, in batches. To be drawn from once.

    Args:
        portal: Where the stream lives.
        source: Opens the stream, on the portal's loop.
    """

    def __init__(self, portal: Portal, source: Callable[[], Awaitable[AsyncIterator[T]]]) -> None:
        self._portal, self._source = portal, source
        self._items: deque[T] = deque()
        self._ended = False
        self._error: BaseException | None = None
        self._wake: Callable[[], None] = lambda: None
        self._room = asyncio.Event()

    async def _pump(self) -> None:
        stream: AsyncIterator[T] | None = None
        try:
            stream = await self._source()
            async for item in stream:
                self._items.append(item)
                self._wake()
                while len(self._items) > FEED_LIMIT:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:  # noqa: BLE001 - carried to the one who draws
            self._error = error
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
            self._ended = True
            self._wake()

    def _take(self) -> Iterator[T]:
        while self._items:
            yield self._items.popleft()
        with suppress(RuntimeError):  # the portal was closed: nothing waits for room any more
            self._portal.loop.call_soon_threadsafe(self._room.set)

    def _over(self) -> bool:
        if not self._ended or self._items:
            return False
        if self._error is not None:
            raise self._error
        return True

    def __iter__(self) -> Iterator[T]:
        """The items, blocking."""
        arrived = threading.Event()
        self._wake = arrived.set
        pump = self._portal.submit(self._pump())
        try:
            while not self._over():
                arrived.wait(TICK_S)
                arrived.clear()
                yield from self._take()
        finally:
            pump.cancel()

    async def __aiter__(self) -> AsyncGenerator[T]:
        """The items."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop of the one who drew is closed
                loop.call_soon_threadsafe(arrived.set)

        self._wake = wake
        pump = self._portal.submit(self._pump())
        try:
            while not self._over():
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await arrived.wait()
                arrived.clear()
                for item in self._take():
                    yield item
        finally:
            pump.cancel()
