"""A stream of changes: what is watched, and how it becomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from queenlib.errors import QueenError
from queenlib.http.sending import Sending
from queenlib.http.streams import Streams
from queenlib.messages.change import Change
from queenlib.sse import change_frame, priming


class ChangeStream(Sending):
    """Sends changes until its reader leaves. While the line is full none is asked for, and the next one has all of them.

    Args:
        changes: Where they come from.
        streams: What looks after it.
    """

    __slots__ = ("_changes",)

    def __init__(self, changes: AsyncGenerator[Change[Any]], streams: Streams) -> None:
        super().__init__(streams)
        self._changes = changes

    async def _send_all(self) -> None:
        self._write(priming(""))
        coming: asyncio.Task[Change[Any]] | None = None
        async with aclosing(self._changes) as changes:
            try:
                while not self._over:
                    if coming is None and not self._line.full:
                        coming = asyncio.ensure_future(anext(changes))
                        coming.add_done_callback(lambda _: self._stir())
                    await self._waits()
                    if coming is not None and coming.done():
                        self._write(change_frame(coming.result()))
                        coming = None
            except QueenError:  # it is too late for another status: who comes back is told
                return
            finally:
                if coming is not None:
                    coming.cancel()
                    await asyncio.wait({coming})
