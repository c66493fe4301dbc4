"""A stream of events as a bare ASGI application: no framework stands between an event and the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from queenlib.errors import QueenError
from queenlib.http.line import LINE, Line
from queenlib.http.streams import TICKS, Streams
from queenlib.messages.events import Event
from queenlib.registry.cursor import Cursor
from queenlib.registry.reader import Reader
from queenlib.registry.shown import put_together
from queenlib.sse import HEARTBEAT, priming

EPOCH_HEADER = b"queen-epoch"
"""The job's epoch: a reader that comes back sends it again, and is told if its events were taken back since."""

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)

_STREAM = "stream"


class EventStream:
    """Sends what a reader reads, up to its end.

    What is in memory is sent in the moment in which it is shown, by who shows it; a task of its own has what takes time: the
    head, pages from the store, and waiting for a line that is full. A reader that leaves is noticed at once, and one that
    takes nothing in the end; then the job goes on, and the reader may come back. Where no more can be read, the stream ends
    without the job's end: its reader comes back, and is told why.

    Args:
        reader: Where the events come from.
        epoch: What stands for the epoch of what is read.
        streams: What looks after it.
    """

    __slots__ = ("_ended", "_epoch", "_left", "_line", "_quiet", "_reader", "_rest", "_streams", "_stuck", "_written")

    def __init__(self, reader: Reader, epoch: str, streams: Streams) -> None:
        self._reader, self._streams = reader, streams
        self._epoch = epoch
        self._line: Line
        self._rest: asyncio.Future[None] | None = None
        """There while its task waits, and what is shown is sent without it."""
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
        headers = (*HEADERS, (EPOCH_HEADER, self._epoch.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._reader.open(self._news)
        self._streams.add(self)
        line.told = self._stir
        try:
            self._write(priming(_place(self._reader.cursors)))
            await self._send_all()
            if line.full and self._ended:
                line.abort()  # its reader takes nothing, and nobody waits for it now
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            line.told = None
            self._streams.remove(self)
            self._reader.close(self._news)

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
        while not (self._reader.over or self._ended or self._line.gone):
            if self._pour() or self._line.full:
                self._rest = asyncio.get_running_loop().create_future()
                try:
                    await self._rest
                finally:
                    self._rest = None
            elif not await self._fetch():
                return

    def _news(self) -> None:
        if self._rest is not None and not self._line.full and not self._pour() and not self._line.full:
            self._stir()

    def _stir(self) -> None:
        if self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    def _pour(self) -> bool:
        """Send what is in memory, as far as the line takes it; whether that was all that there is for now."""
        for cursor in self._reader.cursors:
            while not cursor.over and not self._line.full:
                body = self._newest(cursor)
                if body is None:
                    return False
                if not body:
                    break
                self._write(body)
        return not self._line.full and not self._reader.over

    def _newest(self, cursor: Cursor) -> bytes | None:
        """The next piece of what is in memory, taken; `None` where the store has to be asked."""
        if len(self._reader.cursors) == 1:
            piece = cursor.piece()
            if piece is None or not piece.body:
                return piece and piece.body
            cursor.take(piece.events[-1])
            return piece.body
        events = cursor.newest()
        return None if events is None else self._encode(cursor, events)

    async def _fetch(self) -> bool:
        """Send what the store has, a page each; whether it can be read."""
        for cursor in self._reader.cursors:
            if not cursor.over and cursor.newest() is None:
                try:
                    events, begun = await cursor.older(), cursor.after
                except QueenError:  # it is too late for another status
                    return False
                while events and cursor.after < events[-1].seq and not self._line.full:
                    self._write(self._encode(cursor, events[cursor.after - begun :]))
                cursor.left(len(events), cursor.after - begun)
        return True

    def _encode(self, cursor: Cursor, events: Sequence[Event]) -> bytes:
        """The first of these events, taken and put together."""
        taken = put_together(cursor.after, events)
        if len(self._reader.cursors) == 1:
            for event in taken.events[-1:]:
                cursor.take(event)
            return taken.body
        return b"".join([self._named(cursor, event) for event in taken.events])

    def _named(self, cursor: Cursor, event: Event) -> bytes:
        """An event whose id says where its reader is in every log."""
        cursor.take(event)
        return b"id: %s%s" % (_place(self._reader.cursors).encode(), event.frame[event.frame.index(b"\n") :])

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


def _place(cursors: Iterable[Cursor]) -> str:
    return ".".join([str(cursor.after) for cursor in cursors])
