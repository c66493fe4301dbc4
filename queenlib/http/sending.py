"""A stream as a bare ASGI application: no framework stands between what happens and the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from queenlib.http.line import LINE, Line
from queenlib.http.streams import TICKS, Streams
from queenlib.sse import HEARTBEAT

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)

_STREAM = "stream"


class Sending:
    """One answer that goes on and on: its heartbeats, its end, and a reader that takes nothing.

    A reader that leaves is noticed at once, and one that takes nothing in the end.

    Args:
        streams: What looks after it.
        headers: Further ones.
    """

    __slots__ = ("_ended", "_headers", "_left", "_line", "_quiet", "_rest", "_streams", "_stuck", "_written")

    def __init__(self, streams: Streams, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._streams, self._headers = streams, headers
        self._line: Line
        self._rest: asyncio.Future[None] | None = None
        """There while its task waits for room, for news, or for the end."""
        self._ended = False
        self._written = self._left = 0
        """Bytes that were written, and how many of them had left at the last look."""
        self._quiet = self._stuck = 0
        """Looks in a row at which nothing was written, and at which nothing had left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin once the framework has let go of the request."""
        scope["state"][_STREAM] = self

    async def run(self, line: Line, send: Send) -> None:
        """Send all of it."""
        self._line = line
        await send({"type": "http.response.start", "status": 200, "headers": (*HEADERS, *self._headers)})
        self._streams.add(self)
        line.told = self._stir
        try:
            await self._send_all()
            if line.full and self._ended:
                line.abort()  # its reader takes nothing, and nobody waits for it now
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            line.told = None
            self._streams.remove(self)

    def look(self) -> None:
        """See `Looked`."""
        left = self._written - self._line.unsent
        self._stuck = self._stuck + 1 if left == self._left != self._written else 0
        self._left, self._quiet = left, self._quiet + 1
        if self._stuck >= self._streams.pace.patience:
            self._line.abort()
        elif self._quiet >= TICKS - 1 and not self._line.full:
            self._write(HEARTBEAT)

    def end(self) -> None:
        """See `Looked`."""
        self._ended = True
        self._stir()

    async def _send_all(self) -> None:
        """Write what there is, and wait for more, until nothing comes any more or nobody reads."""
        raise NotImplementedError

    @property
    def _over(self) -> bool:
        """Whether nobody reads any more."""
        return self._ended or self._line.gone

    async def _waits(self) -> None:
        """Wait until something is different."""
        self._rest = asyncio.get_running_loop().create_future()
        try:
            await self._rest
        finally:
            self._rest = None

    def _stir(self) -> None:
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    def _write(self, body: bytes) -> None:
        self._line.write(body)
        self._written += len(body)
        self._quiet = 0


class Unwound:
    """An application of which nothing is left while a stream runs that it has answered with: neither memory nor frames."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        line, headers = scope["state"].pop(LINE, None), scope["headers"]
        await self._app(scope, receive, send)
        stream = scope["state"].pop(_STREAM, None)
        if stream is not None and line is not None:  # without one, the caller has left
            headers.clear()  # they were read
            await stream.run(line, send)
