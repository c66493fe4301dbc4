"""Chunks: rows of the log that grow, and that say so when a byte of them is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.messages.events import Event, Log, TokenData
from queenlib.registry.sqlite.chunk import CHUNK_BYTES, PART, SEQ_BITS, Chunk, Row, extend, is_whole, place_of
from queenlib.registry.sqlite.frames import Place, decode, microseconds
from tests.registry.sqlite.logs import AT, JOB, cuttings, event_of, lines, logs, result_of

NUMBER = 7
"""The job's."""
NUMBERS = ("place", "at", "before", "count", "tokens", "crc")
"""The columns of a row before its body."""
BODY: Final = 6


def begun(log: Sequence[Event]) -> Chunk:
    """A chunk that is to begin with a log's first event."""
    return Chunk.begin(NUMBER, log[0].seq, microseconds(log[0].at), 0)


def read(rows: Sequence[Row], log: Sequence[Event]) -> list[Event]:
    """The events of some chunks, each read on its own."""
    return [
        event
        for place, at, before, _, _, _, body in rows
        for event in decode(body, JOB, Place(place - place_of(NUMBER, 0), at, before), lambda: result_of(log))
    ]


def changed(row: Row, column: int, value: Any) -> Row:
    """A row with something else in one column."""
    values: list[Any] = list(row)
    values[column] = value
    return tuple(values)


def with_byte(number: int, byte: int, wrong: int) -> int:
    """A number of 64 bits with something else in one of its bytes."""
    return int.from_bytes(((number & 2**64 - 1) ^ wrong << 8 * byte).to_bytes(8), signed=True)


@settings(max_examples=50)
@given(st.data())
def test_a_chunk_that_grew_is_one_that_was_made_at_once(data: st.DataObject) -> None:
    """In whatever steps its events came: the same row, with the same CRC, that gives the same events."""
    log = data.draw(logs(min_size=1))
    at_once = begun(log).add(log)
    grown = reduce(Chunk.add, data.draw(cuttings(log)), begun(log))
    assert grown == at_once
    assert grown.row() == at_once.row()
    assert is_whole(grown.row())
    assert [event.line for event in read([grown.row()], log)] == [event.line for event in log]
    assert (grown.last_seq, grown.count, grown.last_at) == (len(log), len(log), microseconds(log[-1].at))


@settings(max_examples=50)
@given(logs(min_size=1, max_size=6), st.integers(1, 255))
def test_a_chunk_with_a_wrong_byte_is_not_whole(log: list[Event], wrong: int) -> None:
    """Whichever byte of its numbers, of its CRC or of its frames is another: that is seen."""
    row = begun(log).add(log).row()
    for column, name in enumerate(NUMBERS):
        for byte in range(8):
            assert not is_whole(changed(row, column, with_byte(int(row[column]), byte, wrong))), name
    for byte in range(len(row[BODY])):
        body = bytearray(row[BODY])
        body[byte] ^= wrong
        assert not is_whole(changed(row, BODY, bytes(body)))
    assert is_whole(row)


@pytest.mark.parametrize("added", [b"\x00", b"\x00\x00\x00\x00", b"\x02\x00\x00"])
def test_a_chunk_that_is_longer_or_shorter_is_not_whole(added: bytes) -> None:
    """Zeros or an event at its end, and an end that is cut off, are seen as well."""
    row = begun(lines(JOB, 1, 9)).add(lines(JOB, 1, 9)).row()
    assert not is_whole(changed(row, BODY, row[BODY] + added))
    assert not is_whole(changed(row, BODY, row[BODY][: -len(added)]))


def test_a_chunk_in_the_place_of_another_is_not_whole() -> None:
    """The same frames under another job or another number are not what was written."""
    row = begun(lines(JOB, 1, 3)).add(lines(JOB, 1, 3)).row()
    assert row[0] == place_of(NUMBER, 1) == NUMBER * 2**SEQ_BITS + 1
    for elsewhere in (row[0] + 1, place_of(NUMBER + 1, 1), place_of(NUMBER, 2)):
        assert not is_whole(changed(row, 0, elsewhere))


@given(
    st.tuples(st.integers(1, 2**30), st.integers(1, 2**32 - 1)), st.tuples(st.integers(1, 2**30), st.integers(1, 2**32 - 1))
)
def test_places_are_in_the_order_of_jobs_and_of_their_events(one: tuple[int, int], other: tuple[int, int]) -> None:
    """A job's chunks lie side by side, and no two chunks in one place."""
    assert (place_of(*one) < place_of(*other)) == (one < other)
    assert place_of(*one) < 2**63


@settings(max_examples=40)
@given(st.data())
def test_a_log_of_many_chunks_is_the_log(data: st.DataObject) -> None:
    """Kept in whatever steps, its chunks follow each other without a hole, are whole, and give its events."""
    log = data.draw(logs(min_size=1, max_size=30))
    kept = dict[int, Chunk]()
    last: Chunk | None = None
    for part in data.draw(cuttings(log)):
        written = extend(last, NUMBER, part)
        assert last is None or written[0].first == (last.last_seq + 1 if last.full else last.first)
        kept |= {chunk.first: chunk for chunk in written}
        last = written[-1]
    chunks = list(kept.values())
    assert all(after.first == before.last_seq + 1 and before.full for before, after in pairwise(chunks))
    rows = [chunk.row() for chunk in chunks]
    assert all(map(is_whole, rows))
    assert [event.line for event in read(rows, log)] == [event.line for event in log]


def test_a_chunk_that_is_full_is_left_as_it_is() -> None:
    """Line by line, what is written anew with each stays small, and what is full is not touched again."""
    chunks, last = dict[int, Chunk](), None
    for event in lines(JOB, 1, 500):
        (last,) = extend(last, NUMBER, [event])
        chunks[last.first] = last
        assert len(last.body) < CHUNK_BYTES + 64
    whole = list(chunks.values())[:-1]
    assert len(whole) > 10
    assert all(len(chunk.body) >= CHUNK_BYTES for chunk in whole)


def test_events_that_come_together_make_few_chunks() -> None:
    """A thousand at once: no chunk is small, and none has more than one part beyond what makes it full."""
    chunks = extend(None, NUMBER, lines(JOB, 1, 1000))
    assert [chunk.full for chunk in chunks[:-1]] == [True] * (len(chunks) - 1)
    assert max(len(chunk.body) for chunk in chunks) < CHUNK_BYTES + PART * 64


def test_one_event_may_be_large() -> None:
    """An event is never cut: a long one is a chunk that is full."""
    (chunk,) = extend(None, NUMBER, [event_of(Log(text="x" * 1_000_000), 1)])
    assert chunk.full
    assert len(chunk.body) > 1_000_000
    (after,) = extend(chunk, NUMBER, [event_of(Log(text="y"), 2)])
    assert (after.first, after.count) == (2, 1)


def test_a_chunk_goes_on_with_the_pieces_of_the_one_before() -> None:
    """How many pieces of an answer came before is in its row, so that it can be read on its own."""
    log = [event_of(TokenData(i=n, text="four", cuts=(4,), dt_ms=(1.0,)), n + 1, AT) for n in range(200)]
    chunks = extend(None, NUMBER, log)
    assert len(chunks) > 2
    assert [(chunk.before, chunk.tokens) for chunk in chunks] == [(chunk.first - 1, chunk.last_seq) for chunk in chunks]
    for chunk in chunks:
        assert read([chunk.row()], log) == log[chunk.first - 1 : chunk.last_seq]
