"""Feeds: streams that cross from the portal's loop to another thread."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import Generic, Protocol, TypeVar

from queenlib.client.portal import Portal
from queenlib.client.turning import TICK_S, turning
from queenlib.errors.shown import hide_our_frames

T = TypeVar("T")

FEED_LIMIT = 4096
"""Items that are handed over before their source has to wait."""


class Reader(Protocol):
    """Who draws; told on the thread that draws."""

    def begin(self) -> None:
        """The drawing begins."""
        ...

    def leave(self) -> None:
        """It was left before the stream's end."""
        ...


class Feed(Generic[T]):
    """Brings the items of a stream from the portal's loop to another thread, in batches. To be drawn from once.

    Leaving the loop that draws, or dropping it, closes the stream.

    Args:
        portal: Where the stream lives.
        source: Opens the stream, on the portal's loop.
        reader: Is told when one begins to draw, and when one leaves.
    """

    def __init__(
        self, portal: Portal, source: Callable[[], Awaitable[AsyncIterator[T]]], reader: Reader | None = None
    ) -> None:
        self._portal, self._source, self._reader = portal, source, reader
        self._items: deque[T] = deque()
        self._room = asyncio.Event()
        self._told = False
        """Whether the one who draws was woken since it last looked."""

    def __iter__(self) -> Iterator[T]:
        """The items, blocking.

        Raises:
            Conflict: We are on the portal's own thread.
            QueenClosed: The portal was closed, before or while this was drawn from.
            Exception: What the stream raised, after its items.
        """
        self._portal.check_outside()
        arrived = threading.Event()
        pump = self._begin(arrived.set)
        try:
            while not self._over(pump):
                arrived.wait(TICK_S)
                arrived.clear()
                yield from self._take()
        except BaseException as error:
            self._left_by(error)
            raise
        finally:
            pump.cancel()

    def __aiter__(self) -> AsyncGenerator[T]:
        """The items.

        Raises:
            QueenClosed: The portal was closed, before or while this was drawn from.
            Exception: What the stream raised, after its items.
        """
        return self._here() if self._portal.inside else self._across()

    async def _here(self) -> AsyncGenerator[T]:
        """On the portal's own loop nothing has to cross."""
        if self._reader is not None:
            self._reader.begin()
        try:
            async with closing(await self._source()) as stream:
                async for item in stream:
                    yield item
        except GeneratorExit as error:
            self._left_by(error)
            raise

    async def _across(self) -> AsyncGenerator[T]:
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop of the one who drew is closed
                loop.call_soon_threadsafe(arrived.set)

        pump = self._begin(wake)
        try:
            while not self._over(pump):
                with turning():
                    await arrived.wait()
                arrived.clear()
                for item in self._take():
                    yield item
        except BaseException as error:
            self._left_by(error)
            raise
        finally:
            pump.cancel()

    def _left_by(self, error: BaseException) -> None:
        hide_our_frames(error)
        if isinstance(error, GeneratorExit) and self._reader is not None:
            self._reader.leave()

    def _begin(self, wake: Callable[[], None]) -> Future[None]:
        if self._reader is not None:
            self._reader.begin()
        pump = self._portal.submit(self._pump(wake))
        pump.add_done_callback(lambda _: wake())
        return pump

    async def _pump(self, wake: Callable[[], None]) -> None:
        async with closing(await self._source()) as stream:
            async for item in stream:
                self._items.append(item)
                if not self._told:
                    self._told = True
                    wake()
                while len(self._items) > FEED_LIMIT:
                    self._room.clear()
                    await self._room.wait()

    def _take(self) -> Iterator[T]:
        self._told = False  # first: what comes from here on wakes us again, or is taken below
        while self._items:
            yield self._items.popleft()
        self._portal.soon(self._room.set)

    def _over(self, pump: Future[None]) -> bool:
        if not pump.done() or self._items:
            return False
        if pump.cancelled():
            raise self._portal.closed_error()
        pump.result()
        return True


@asynccontextmanager
async def closing(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close a stream in the end, if it is one that can be closed."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
