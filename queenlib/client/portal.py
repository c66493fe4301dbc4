"""The portal: a thread with an event loop of its own, on which all of queenlib's work is done.

A notebook's own loop stands still while a cell computes; this one does not. What is done here may be awaited from any
other loop, or waited for without one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from queenlib.client.turning import TICK_S, turning
from queenlib.errors import Conflict, QueenClosed
from queenlib.errors.shown import hide_our_frames

T = TypeVar("T")

WIND_DOWN_S = 1.0


class Portal:
    """One thread, one loop; started when it is made, ended by `close`.

    Args:
        wind_down_s: Seconds for what is on its way when it is closed; as long again for what is given up on.
    """

    def __init__(self, wind_down_s: float = WIND_DOWN_S) -> None:
        self._wind_down_s = wind_down_s
        self._gate, self._closed = threading.Lock(), False
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
        me = asyncio.current_task()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wind_down_s):
                while others := asyncio.all_tasks() - {me}:
                    await asyncio.wait(others)
        late = asyncio.all_tasks() - {me}
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=self._wind_down_s)
        await self._loop.shutdown_asyncgens()

    @property
    def open(self) -> bool:
        """Whether work can be handed to it: it was not closed, and lives in this process and not in one that forked it."""
        return not self._closed and self._thread.is_alive()

    @property
    def inside(self) -> bool:
        """Whether we are on the portal's own thread."""
        return threading.current_thread() is self._thread

    def check_outside(self) -> None:
        """Speak up where somebody would block the portal's own thread.

        Raises:
            Conflict: We are on that thread: what is waited for would never come.
        """
        if self.inside:
            raise Conflict(
                "This would wait for itself for ever.",
                why="It blocks, and was called on the one thread that does queenlib's work.",
                state="Nothing was done.",
                next="Await it there: `await job`, `async for event in job`, `await queen.jobs.create(op)`.",
            )

    def soon(self, callback: Callable[[], object]) -> None:
        """Call something on the portal's loop; once the portal is closed, nothing."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Start `work` on the portal's loop.

        Raises:
            QueenClosed: The portal was closed.
        """
        if self.open:
            with self._gate:  # what passes here before it is closed is done; nothing gets lost in between
                if not self._closed:
                    return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise self.closed_error()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` on the portal's loop and wait for it, blocking, with or without a running loop.

        When the waiting is interrupted, the work is cancelled.

        Raises:
            Conflict: We are on the portal's own thread.
            QueenClosed: The portal was closed.
        """
        try:
            self.check_outside()
        except Conflict:
            work.close()
            raise
        future = self.submit(work)
        try:
            while not future.done():
                with suppress(TimeoutError):  # ours, or the work's own, which comes again below
                    future.result(TICK_S)
            return future.result()
        except concurrent.futures.CancelledError:
            raise self.closed_error() from None
        except BaseException as error:
            future.cancel()
            hide_our_frames(error)
            raise

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` on the portal's loop and await it. If we are cancelled, so is the work.

        Raises:
            QueenClosed: The portal was closed.
        """
        if self.inside:
            return await work
        future = self.submit(work)
        try:
            with turning():
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                hide_our_frames(error)
                raise
            raise self.closed_error() from None  # nobody cancelled us: the work was given up

    def close(self) -> None:
        """End the thread; what still runs on it is given up.

        Raises:
            Conflict: We are on the portal's own thread.
        """
        self.check_outside()
        if not self._thread.is_alive():
            return
        with self._gate:
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        try:
            self._thread.join()
        except BaseException as error:
            hide_our_frames(error)
            raise

    def closed_error(self) -> QueenClosed:
        """The error of one who comes too late."""
        forked = not self._closed and not self._thread.is_alive()
        return QueenClosed(
            "This queen is in another process." if forked else "This queen is closed.",
            why="This process was forked from hers." if forked else "`close()` was called, or its `with` was left.",
            state="Nothing was done."
            if forked
            else "Nothing is waited for any more. Jobs of a queen in this process ended with her; those of another go on.",
            next="Make a new one: Queen()",
        )
