"""A loop on which somebody waits for another thread keeps turning, and rests when nobody does."""

import asyncio
import signal
import threading

import pytest

from queenlib.client.turning import TICK_S, turning


def turns(loop: asyncio.AbstractEventLoop) -> int:
    """How many timers a loop has ahead of it."""
    return sum(not handle.cancelled() for handle in loop._scheduled)  # type: ignore[attr-defined]


async def test_one_tick_is_enough_for_all() -> None:
    """However many wait on a loop, one timer turns it; when the last has left, none does."""
    loop = asyncio.get_running_loop()
    before = turns(loop)
    with turning():
        with turning(), turning():
            assert turns(loop) == before + 1
        await asyncio.sleep(TICK_S * 2.5)
        assert turns(loop) == before + 1
    assert turns(loop) == before


def test_an_interrupt_is_seen_while_waiting() -> None:
    """A signal that reaches another thread ends the waiting of the main one; nothing else would wake its loop."""

    async def wait() -> None:
        with turning():
            await asyncio.get_running_loop().create_future()

    def interrupt() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # this thread, not the main one

    loop = asyncio.new_event_loop()
    threading.Timer(0.2, interrupt).start()
    try:
        task = loop.create_task(wait())
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
    finally:
        loop.close()
