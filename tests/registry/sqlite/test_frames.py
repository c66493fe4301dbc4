"""Events as bytes: what is read is what was written, and other bytes are either events as well or are refused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queenlib.messages.events import AttemptData, EndData, Event, Log, ResultData, StateData, Token, TokenData
from queenlib.messages.state import State
from queenlib.registry.pieces import Pieces
from queenlib.registry.sqlite.frames import BadFrame, Place, decode, encode, microseconds, moment
from tests.registry.sqlite.logs import AT, JOB, cuttings, event_of, logs, moments, result_of

JSON_TOKEN, CONTENT, REASONING = 4, 16, 17
"""First bytes of frames: pieces of an answer as JSON, and as bytes."""
USUAL = TokenData(i=0, text="ab", cuts=(1, 2), dt_ms=(33.333, 0.001))


def start() -> Place:
    """Before the first event."""
    return Place(1, microseconds(AT), 0)


def read(body: bytes, place: Place | None = None, result: dict[str, Any] | None = None) -> list[Event]:
    """All events of some frames."""
    return list(decode(body, JOB, place or start(), lambda: result or {}))


def written(data: Iterable[Any]) -> bytes:
    """The frames of a log with these data, one a millisecond."""
    events = [event_of(each, seq, AT + timedelta(milliseconds=seq)) for seq, each in enumerate(data, 1)]
    return encode(events, start())


def assert_events_or_refused(body: bytes) -> None:
    """Any bytes are whole events with numbers without a hole, at most one for two bytes, or no frames."""
    try:
        events = read(body)
    except BadFrame:
        return
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) <= len(body) / 2
    assert all(event.line for event in events)


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first log is slow to draw on a machine that is busy
@given(st.data())
def test_a_log_comes_back_byte_for_byte_however_it_is_cut(data: st.DataObject) -> None:
    """Each part of any log gives the events that it was made of: equal, and the same line."""
    log = data.draw(logs())
    writing, reading = start(), start()
    for part in data.draw(cuttings(log)):
        back = read(encode(part, writing), reading, result_of(log))
        assert [event.line for event in back] == [event.line for event in part]
        assert back == list(part)
        assert reading == writing
    assert writing.seq == len(log) + 1


@given(st.data())
def test_frames_lie_side_by_side(data: st.DataObject) -> None:
    """The frames of a log are those of its parts, one after the other: it can grow without being written anew."""
    log = data.draw(logs())
    grown, at_once = start(), start()
    assert b"".join(encode(part, grown) for part in data.draw(cuttings(log))) == encode(log, at_once)
    assert grown == at_once


@pytest.mark.parametrize(("channel", "kind"), [("content", CONTENT), ("reasoning", REASONING)])
def test_pieces_of_an_answer_are_bytes(channel: Any, kind: int) -> None:
    """What an engine sends is not written as JSON."""
    assert written([USUAL.model_copy(update={"channel": channel})])[0] == kind


@pytest.mark.parametrize(
    "odd",
    [
        {"i": 1},
        {"cuts": (1,), "dt_ms": (1.0,)},
        {"cuts": (2, 2, 2)},
        {"cuts": (2, 1)},
        {"cuts": (2, 3)},
        {"text": "", "cuts": (), "dt_ms": ()},
        {"dt_ms": (1.0, 0.0005)},
        {"dt_ms": (1.0, 1 / 3)},
        {"dt_ms": (1.0, -0.0)},
        {"dt_ms": (1.0, 5e-324)},
        {"dt_ms": (1.0, 2.0**53)},
        {"dt_ms": (1.0, 1e300)},
        {"dt_ms": (1.0, 1.7976931348623157e308)},
    ],
    ids=str,
)
def test_what_a_frame_cannot_say_exactly_is_json(odd: dict[str, Any]) -> None:
    """Another count, cuts that do not fit the text, or a time that is no whole microsecond: it comes back as it was."""
    data = TokenData(**{**USUAL.model_dump(), **odd})
    body = written([data])
    (event,) = read(body)
    assert body[0] == JSON_TOKEN
    assert event.line == event_of(data, 1, AT + timedelta(milliseconds=1)).line


def test_a_new_attempt_counts_its_pieces_anew() -> None:
    """After an `attempt` the first piece is number 0 again, and is written as bytes."""
    again = AttemptData(n=2, reason="its worker died", epoch=1)
    later = [USUAL, USUAL.model_copy(update={"i": 2}), again, USUAL, USUAL.model_copy(update={"i": 2})]
    place = start()
    body = written(later)
    assert [event.data for event in read(body, place)] == later
    assert place.tokens == 4
    assert len(body) < len(written([again])) + 4 * 20


def test_a_result_is_not_in_the_frames() -> None:
    """Its frame has two bytes and more for its time, and it is asked for only where it is met."""
    asked: list[int] = []

    def result() -> dict[str, Any]:
        asked.append(1)
        return {"text": "x" * 10_000}

    body = written([StateData(state=State.RUNNING), ResultData(result=result()), EndData(state=State.SUCCEEDED)])
    asked.clear()
    events = decode(body, JOB, start(), result)
    assert next(events).type == "state"
    assert not asked
    assert next(events).data == ResultData(result={"text": "x" * 10_000})
    assert next(events).type == "end"
    assert asked == [1]
    assert len(written([ResultData(result={"text": "x" * 10_000})])) <= 4


@given(moments)
def test_a_time_is_exact(at: datetime) -> None:
    """Any time between the years 1 and 9999 is what it was, as a number of microseconds."""
    assert moment(microseconds(at)) == at
    assert moment(microseconds(at)).tzinfo is UTC


@pytest.mark.parametrize(("per_s", "most"), [(30, 18), (200, 16)])
def test_a_piece_takes_few_bytes(per_s: int, most: int) -> None:
    """A word of an answer, alone in its event: less than a ninth of its JSON, at the usual rates."""
    gap = 1000 / per_s
    events, at = list[Event](), AT
    for n in range(100):
        waited = gap * (1 + (n % 7 - 3) / 20)  # it comes when it comes
        pieces, at = Pieces(), at + timedelta(milliseconds=waited)
        pieces.add(Token(text=" bright", dt_ms=waited))
        events.append(event_of(pieces.take(n), n + 1, at))
    sizes = [
        len(encode([event], Place(event.seq, microseconds(before), n))) for n, (before, event) in enumerate(_with(events))
    ]
    assert max(sizes) <= most
    assert sum(sizes) * 9 < sum(len(event.line) for event in events)


def _with(events: Sequence[Event]) -> list[tuple[datetime, Event]]:
    """Each event with the time of the one before it."""
    return list(zip([AT, *(event.at for event in events)], events, strict=False))


numbers = st.integers(0, 2**70).map(lambda number: bytes(_varint(number)))


def _varint(number: int) -> Iterable[int]:
    while number > 0x7F:
        yield number & 0x7F | 0x80
        number >>= 7
    yield number


wild = st.lists(
    st.one_of(st.sampled_from([*range(20), 0x80, 0xFF]).map(lambda kind: bytes([kind])), numbers, st.binary(max_size=8)),
    max_size=12,
).map(b"".join)
"""Bytes that look like frames for a while."""


@settings(max_examples=400)
@given(st.binary(max_size=64) | wild)
def test_any_bytes_are_events_or_refused(body: bytes) -> None:
    """Nothing but `BadFrame` is raised, whatever lies there."""
    assert_events_or_refused(body)


@given(logs(min_size=1, max_size=6), st.data())
def test_a_log_cut_off_at_any_byte_is_what_came_before(log: list[Event], data: st.DataObject) -> None:
    """Cut where a frame ends it is a shorter log; cut inside of a frame it is refused, after the events before it."""
    place, ends = start(), {0: 0}
    body = b""
    for count, event in enumerate(log, 1):
        body += encode([event], place)
        ends[len(body)] = count
    for length in range(len(body)) if len(body) < 200 else data.draw(st.sets(st.integers(0, len(body) - 1), max_size=50)):
        found = list[Event]()
        try:
            for event in decode(body[:length], JOB, start(), lambda: result_of(log)):
                found.append(event)
            whole = True
        except BadFrame:
            whole = False
        assert whole == (length in ends)
        assert found == log[: max(count for end, count in ends.items() if end <= length)]


@given(logs(min_size=1, max_size=6), st.data())
def test_a_flipped_bit_gives_events_or_is_refused(log: list[Event], data: st.DataObject) -> None:
    """A log with one wrong bit, and no CRC to tell, may say something else; nothing else is raised, and it ends."""
    body = encode(log, start())
    for _ in range(20):
        bit = data.draw(st.integers(0, 8 * len(body) - 1))
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert_events_or_refused(bytes(flipped))


@pytest.mark.full
def test_every_flipped_bit_and_byte_of_a_typical_log() -> None:
    """Each byte of a log of every kind, with each of its 255 other values: events, or refused."""
    told = [
        StateData(state=State.RUNNING),
        Log(text="a line \U0001f41d"),
        USUAL,
        AttemptData(n=2, reason="", epoch=1),
        USUAL,
    ]
    body = written([*told, ResultData(result={}), EndData(state=State.SUCCEEDED)])
    for place in range(len(body)):
        for wrong in range(256):
            changed = bytearray(body)
            changed[place] = wrong
            assert_events_or_refused(bytes(changed))


@pytest.mark.parametrize("kind", [*range(1, 9), CONTENT, REASONING])
def test_a_number_without_an_end_is_refused_at_once(kind: int) -> None:
    """Four million bytes that all say that the number goes on are given up after nine."""
    with pytest.raises(BadFrame):
        read(bytes([kind]) + b"\xff" * 4_000_000)


@pytest.mark.parametrize("kind", [*range(1, 8), CONTENT, REASONING])
def test_what_it_says_of_its_length_takes_no_memory(kind: int) -> None:
    """A frame that claims more pieces or more text than there are bytes is refused before anything is made of it."""
    body = bytes([kind, 0]) + bytes(_varint(2**62)) + b"\x01" * 1000
    tracemalloc.start()
    try:
        with pytest.raises(BadFrame):
            read(body)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_frame_says_whose_it_is_and_where_it_stands() -> None:
    """The job and the number are not in it: they are those of its place; and the error for a bad one tells them."""
    body = written([Log(text="x"), Log(text="y")])
    events = list(decode(body, "job-b", Place(41, microseconds(AT), 0), dict))
    assert [(event.job_id, event.seq) for event in events] == [("job-b", 41), ("job-b", 42)]
    with pytest.raises(BadFrame, match="event 43 of job-b"):
        list(decode(body + b"\x00", "job-b", Place(41, microseconds(AT), 0), dict))


def test_an_event_that_is_not_the_next_is_a_defect() -> None:
    """Frames have no numbers: writing one in another's place is not possible."""
    place = start()
    with pytest.raises(AssertionError, match="event 2 where 1 comes next"):
        encode([event_of(Log(text="x"), 2)], copy(place))
