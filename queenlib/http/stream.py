"""A stream of the events of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from queenlib.errors import QueenError
from queenlib.http.sending import Sending
from queenlib.http.streams import Streams
from queenlib.messages.events import Event, RowEvent, TokenEvent, VectorsEvent
from queenlib.registry.cursor import Cursor
from queenlib.registry.pieces import joined
from queenlib.registry.reader import Reader
from queenlib.registry.shown import put_together
from queenlib.sse import priming

EPOCH_HEADER = b"queen-epoch"
"""The job's epoch: a reader that comes back sends it again, and is told if its events were taken back since."""


class EventStream(Sending):
    """Sends what a reader reads, up to its end.

    What is in memory is sent in the moment in which it is shown, by who shows it; a task of its own has what takes time: the
    head, pages from the store, and waiting for a line that is full. The job goes on whoever leaves, and a reader may come
    back. Where no more can be read, the stream ends without the job's end: its reader comes back, and is told why.

    Args:
        reader: Where the events come from.
        epoch: What stands for the epoch of what is read.
        streams: What looks after it.
        every_s: What comes within so many seconds is sent together: rows, and pieces of an answer, which are joined. The
            first of them, and whatever else there is, come at once.
    """

    __slots__ = ("_due", "_due_s", "_every_s", "_held", "_many", "_reader")

    def __init__(self, reader: Reader, epoch: str, streams: Streams, every_s: float = 0.0) -> None:
        super().__init__(streams, ((EPOCH_HEADER, epoch.encode()),))
        self._reader, self._every_s = reader, every_s
        self._held = b""
        """What goes with the first event, if one is there already: one write, and one for the reader to wake up for."""
        self._due_s = 0.0
        """When more may be sent, by the loop's clock."""
        self._due: asyncio.TimerHandle | None = None
        """There while something waits for that."""
        self._many = False
        """Whether what was sent last is of the kind that comes by the hundred."""

    async def _send_all(self) -> None:
        self._reader.open(self._news)
        try:
            self._held = priming(_place(self._reader.cursors))
            while not (self._reader.over or self._over):
                if self._pour() or self._line.full:
                    self._write(b"")
                    await self._waits()
                elif not await self._fetch():
                    return
        finally:
            self._reader.close(self._news)
            if self._due is not None:
                self._due.cancel()

    def _write(self, body: bytes) -> None:
        if body := self._held + body:
            self._held = b""
            super()._write(body)

    def _news(self) -> None:
        if not self._every_s or self._reader.complete or self._is_due():
            self._tell()

    def _is_due(self) -> bool:
        """Whether what is new is sent now; else it will be when it is time."""
        loop = asyncio.get_running_loop()
        if self._many and self._due is None and loop.time() < self._due_s:
            self._due = loop.call_at(self._due_s, self._rung)
        if self._due is not None:
            return False
        self._due_s = loop.time() + self._every_s
        return True

    def _rung(self) -> None:
        self._due = None
        self._news()

    def _tell(self) -> None:
        if self._rest is not None and not self._line.full and not self._pour() and not self._line.full:
            self._stir()

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
        if len(self._reader.cursors) == 1 and not self._every_s:
            piece = cursor.piece()
            if piece is None or not piece.body:
                return piece and piece.body
            self._take(cursor, piece.events[-1])
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
        taken = put_together(cursor.after, joined(events) if self._every_s else events)
        if len(self._reader.cursors) == 1:
            for event in taken.events[-1:]:
                self._take(cursor, event)
            return taken.body
        return b"".join([self._named(cursor, event) for event in taken.events])

    def _take(self, cursor: Cursor, event: Event) -> None:
        cursor.take(event)
        self._many = isinstance(event, TokenEvent | RowEvent | VectorsEvent)

    def _named(self, cursor: Cursor, event: Event) -> bytes:
        """An event whose id says where its reader is in every log."""
        cursor.take(event)
        return b"id: %s%s" % (_place(self._reader.cursors).encode(), event.frame[event.frame.index(b"\n") :])


def _place(cursors: Iterable[Cursor]) -> str:
    return ".".join([str(cursor.after) for cursor in cursors])
