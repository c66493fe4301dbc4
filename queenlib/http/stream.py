"""A job's stream as a bare ASGI application: no framework stands between an event and the socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import cast

from starlette.types import Receive, Scope, Send

from queenlib.errors import QueenError
from queenlib.messages.events import Event
from queenlib.sse import HEARTBEAT, encode, priming

BEAT_S = 10.0
"""Seconds between two heartbeats."""

EPOCH_HEADER = b"queen-epoch"
"""The job's epoch: a reader that comes back sends it again, and is told if its events were taken back since."""

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


class EventStream:
    """Sends the events of a job after number `after`, up to its end.

    A reader that leaves is noticed at once; then the events are let go of, and the job goes on. Where no more can be read,
    the stream ends without the job's end: its reader comes back, and is told why.

    Args:
        events: The events, but for the first of them.
        after: The number before them.
        epoch: The job's.
        beat_s: Seconds between two heartbeats.
        first: The first event, where it is known.
    """

    def __init__(
        self, events: AsyncIterator[Event], after: int, epoch: int, beat_s: float = BEAT_S, first: Event | None = None
    ) -> None:
        self._events, self._first = cast("AsyncGenerator[Event]", events), first
        self._after, self._beat_s = after, beat_s
        self._headers = (*HEADERS, (EPOCH_HEADER, b"%d" % epoch))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        async with aclosing(self._events):
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await _send(send, priming(self._after))
            await self._send_events(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, receive: Receive, send: Send) -> None:
        writer, reader = asyncio.create_task(self._write(send)), asyncio.create_task(_gone(receive))
        try:
            while not (await asyncio.wait({writer, reader}, timeout=self._beat_s, return_when=asyncio.FIRST_COMPLETED))[0]:
                await _send(send, HEARTBEAT)
            if writer.done():
                writer.result()
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.wait({writer, reader})

    async def _write(self, send: Send) -> None:
        if self._first is not None:
            await _send(send, encode(self._first))
        with suppress(QueenError):  # it is too late for another status
            async for event in self._events:
                await _send(send, encode(event))


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
