"""A chunk: some consecutive events of one job, as one row."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from queenlib.messages.events import Event
from queenlib.registry.sqlite.frames import Place, encode, microseconds

CHUNK_BYTES = 512
"""A chunk that has so many bytes is left as it is, and the next event begins another. The last chunk of a live job is
written anew with each commit: it lies on one page, which is what a commit writes at least."""
SEQ_BITS = 32

Row = tuple[int, int, int, int, int, int, bytes]
"""`place, at, before, count, tokens, crc, body`."""


def place_of(number: int, seq: int) -> int:
    """The key of the chunk of job `number` that begins with event `seq`."""
    return number << SEQ_BITS | seq


@dataclass(frozen=True)
class Chunk:
    """One row of the log."""

    number: int
    """The job's."""
    first: int
    """The number of its first event."""
    at: int
    before: int
    count: int
    tokens: int
    last_at: int
    """The time of its last event, in microseconds since 1970."""
    body_crc: int
    body: bytes

    @property
    def last_seq(self) -> int:
        """The number of its last event."""
        return self.first + self.count - 1

    @property
    def full(self) -> bool:
        """Whether no more goes into it."""
        return len(self.body) >= CHUNK_BYTES

    @classmethod
    def begin(cls, number: int, first: int, at: int, before: int) -> Chunk:
        """An empty one."""
        return cls(number, first, at, before, 0, before, at, 0, b"")

    def add(self, events: Sequence[Event]) -> Chunk:
        """This one with more events."""
        place = Place(self.last_seq + 1, self.last_at, self.tokens)
        more = encode(events, place)
        return replace(
            self,
            count=self.count + len(events),
            tokens=place.tokens,
            last_at=place.at,
            body_crc=zlib.crc32(more, self.body_crc),
            body=self.body + more,
        )

    def row(self) -> Row:
        """What is written of it."""
        place = place_of(self.number, self.first)
        crc = row_crc(place, self.at, self.before, self.count, self.tokens, self.body_crc)
        return place, self.at, self.before, self.count, self.tokens, crc, self.body


def row_crc(place: int, at: int, before: int, count: int, tokens: int, body_crc: int) -> int:
    """The CRC-32 of a row, from its numbers and the CRC-32 of its body."""
    return zlib.crc32(struct.pack("<qqqqqI", place, at, before, count, tokens, body_crc))


def is_whole(row: Row) -> bool:
    """Whether a row is what was written."""
    place, at, before, count, tokens, crc, body = row
    return row_crc(place, at, before, count, tokens, zlib.crc32(body)) == crc


def extend(last: Chunk | None, number: int, events: Sequence[Event]) -> list[Chunk]:
    """The chunks that are to be written when events come after those of `last`, the log's last chunk."""
    chunks: list[Chunk] = []
    chunk = last or Chunk.begin(number, events[0].seq, microseconds(events[0].at), 0)
    for part in _parts(events):
        if chunk.full:
            chunk = Chunk.begin(number, part[0].seq, chunk.last_at, chunk.tokens)
        chunk = chunk.add(part)
        if chunks and chunks[-1].first == chunk.first:
            chunks[-1] = chunk
        else:
            chunks.append(chunk)
    return chunks


PART = 16
"""Events after which it is looked whether a chunk is full."""


def _parts(events: Sequence[Event]) -> list[Sequence[Event]]:
    return [events[start : start + PART] for start in range(0, len(events), PART)]
