"""Server-sent events: the codec, without I/O.

Source: WHATWG HTML, 9.2 "Server-sent events" (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from queenlib.errors import TooLarge
from queenlib.messages.change import Change
from queenlib.messages.events import Event

HEARTBEAT = b": still here\n"
"""A comment. One line: readers that drop comment lines are left with the events alone."""
LIMIT = 32 * 2**20
"""Bytes that one event may have, by default."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_OURS = re.compile(rb"id: ([^\r\n\0]*)\nevent: ([^\r\n]+)\ndata: ([^\r\n]*)\n\n")
"""An event as a queen writes it: what is read most by far is read at once, and to the same effect as line by line."""
_BOM = b"\xef\xbb\xbf"


def priming(place: int | str) -> bytes:
    """What a stream begins with: the id that a reader who loses it at once comes back with, and when (1 s)."""
    return b"retry: 1000\nid: %s\n\n" % str(place).encode()


def encode(event: Event) -> bytes:
    """An event of ours on the wire; made once, however many read it."""
    return event.frame


def change_frame(change: Change[Any]) -> bytes:
    """A change on the wire; its id is its revision."""
    return b"id: %s\nevent: change\ndata: %s\n\n" % (change.revision.encode(), change.model_dump_json().encode())


@dataclass(frozen=True)
class ServerSentEvent:
    """One event as it was read."""

    id: str
    """The last id that the stream gave, with this event or before it; empty if it gave none."""
    event: str
    """Its type; `message` where none was given."""
    data: str
    """Its lines of data, joined by LF."""


class Decoder:
    """Reads a stream, in whatever pieces it comes. An event that its blank line has not ended is never given out.

    Args:
        limit: Bytes that a line, or all the data of one event, may have.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.last_id = ""
        """The last id that the stream gave, be it without an event."""
        self.retry_ms: int | None = None
        """When a reader that lost the stream may come back, if the stream said so, in milliseconds."""
        self._limit = limit
        self._begun = False
        self._after_cr = False
        self._line: list[bytes] = []
        self._line_size = 0
        self._id, self._event = "", ""
        self._data: list[str] = []
        self._data_size = 0

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end in this piece.

        Raises:
            TooLarge: A line or an event is longer than the limit; the decoder is of no further use.
        """
        found: list[ServerSentEvent] = []
        place = self._read_ours(chunk, found) if self._at_rest() else 0
        if place == len(chunk):
            return found
        first, self._after_cr = place + (self._after_cr and chunk[place] == 10), chunk[-1] == 13
        *ends, rest = _LINE_END.split(chunk[first:])
        for end in ends:
            self._keep(end)
            if event := self._take(self._whole_line()):
                found.append(event)
        self._keep(rest)
        return found

    def _at_rest(self) -> bool:
        """Whether the next byte begins an event."""
        return self._begun and not (self._after_cr or self._line or self._data or self._event) and self._id == self.last_id

    def _read_ours(self, chunk: bytes, found: list[ServerSentEvent]) -> int:
        """Take the events at the beginning of a piece that are as a queen writes them; where they end."""
        place = 0
        while (ours := _OURS.match(chunk, place)) and ours.end() - place <= self._limit:
            self.last_id, event, data = [part.decode(errors="replace") for part in ours.groups()]
            found.append(ServerSentEvent(self.last_id, event, data))
            place = ours.end()
        self._id = self.last_id
        return place

    def _keep(self, part: bytes) -> None:
        self._line_size += len(part)
        if self._line_size > self._limit:
            raise self._too_large()
        if part:
            self._line.append(part)

    def _whole_line(self) -> bytes:
        line = b"".join(self._line)
        self._line, self._line_size = [], 0
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BOM)
        return line

    def _take(self, line: bytes) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        self._field(name, value.removeprefix(b" "))
        return None

    def _field(self, name: bytes, value: bytes) -> None:
        match name:
            case b"data":
                self._data_size += len(value) + 1
                if self._data_size > self._limit:
                    raise self._too_large()
                self._data.append(value.decode(errors="replace"))
            case b"event":
                self._event = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"retry" if re.fullmatch(rb"[0-9]{1,9}", value):
                self.retry_ms = int(value)

    def _dispatch(self) -> ServerSentEvent | None:
        self.last_id = self._id
        data, event = self._data, self._event
        self._data, self._data_size, self._event = [], 0, ""
        return ServerSentEvent(self.last_id, event or "message", "\n".join(data)) if data else None

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"A stream sent an event of more than {self._limit:,} bytes.",
            why="It does not end its lines, or it is no stream of events.",
            state="It was not read further.",
            next="Look at what answers at that address.",
            limit=self._limit,
        )
