"""How a queen that serves is told to end: by a signal, or by the end of the one who holds her lifeline."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from enum import StrEnum
from typing import Self


class Call(StrEnum):
    """Why she ends."""

    DRAIN = "told to end (SIGTERM)"
    """Her jobs may end first."""
    NOW = "told to end now (SIGINT)"
    HANGUP = "her terminal is gone (SIGHUP)"
    IDLE = "nothing to do"
    ORPHANED = "who started her has ended"


SIGNALS = {signal.SIGTERM: Call.DRAIN, signal.SIGINT: Call.NOW, signal.SIGHUP: Call.HANGUP}


class Calls:
    """The first signal is told. While jobs end, an interrupt cuts that short and is told as well.

    Any other ends the process there and then; the guardian sees to its workers.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._first: asyncio.Future[Call] = self._loop.create_future()
        self._hurried = asyncio.Event()
        self._heard = {number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}  # `nohup` stays so
        for number in self._heard:
            self._loop.add_signal_handler(number, self._called, number)

    async def first(self) -> Call:
        """The first one, when it comes."""
        return await asyncio.shield(self._first)

    async def hurried(self) -> None:
        """Return when an interrupt comes while jobs end."""
        await self._hurried.wait()

    def _called(self, called: signal.Signals) -> None:
        if self._first.done():
            self._hurried.set()
        else:
            self._first.set_result(SIGNALS[called])
        heard_still = {signal.SIGINT} if SIGNALS[called] is Call.DRAIN else set()
        for number in self._heard - heard_still:
            self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        self._heard &= heard_still


class Lifeline:
    """The standard input, which somebody holds open as long as he lives: SIGKILL ends it as well."""

    def __init__(self, gone: asyncio.Event) -> None:
        self._gone = gone

    @classmethod
    def held(cls) -> Self:
        """The one that this process was given."""
        gone, loop = asyncio.Event(), asyncio.get_running_loop()
        handle = sys.stdin.fileno()

        def readable() -> None:
            if not os.read(handle, 4096):
                loop.remove_reader(handle)
                gone.set()

        try:
            loop.add_reader(handle, readable)
        except PermissionError:  # a file, or nothing: no life hangs on that
            gone.set()
        return cls(gone)

    async def ended(self) -> Call:
        """Return when nobody holds it any more."""
        await self._gone.wait()
        return Call.ORPHANED
