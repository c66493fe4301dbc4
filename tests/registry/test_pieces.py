"""Pieces of an answer that share an event."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.events import EVENT, Event, Log, LogEvent, Token, TokenData, TokenEvent
from queenlib.registry.pieces import PIECES_LIMIT, Pieces, joined

AT = datetime(2026, 1, 2, tzinfo=UTC)
Said = tuple[str, list[str]]
"""A channel, or `log`, and what came on it in one event."""
SAID = st.tuples(st.sampled_from(["content", "reasoning", "log"]), st.lists(st.text(max_size=3), min_size=1, max_size=3))


@given(st.lists(st.tuples(st.text(max_size=5), st.floats(0, 1e6)), min_size=1, max_size=20), st.integers(0, 10**6))
def test_each_piece_keeps_its_text_and_its_time(said: list[tuple[str, float]], i: int) -> None:
    """What went in comes out, cut where it was, with times in whole microseconds; afterwards there is nothing."""
    pieces = Pieces()
    for text, dt_ms in said:
        assert pieces.fits(Token(text=text, dt_ms=dt_ms))
        pieces.add(Token(text=text, dt_ms=dt_ms))
    assert pieces
    data = pieces.take(i)
    assert not pieces
    assert [data.text[start:end] for start, end in pairwise((0, *data.cuts))] == [text for text, _ in said]
    assert data.dt_ms == tuple(round(dt_ms, 3) for _, dt_ms in said)
    assert (data.i, data.channel) == (i, "content")


def test_pieces_of_one_channel_share_an_event() -> None:
    """What the model thinks and what it says are told apart; anything fits where there is nothing yet."""
    pieces = Pieces()
    thought = Token(text="hm", dt_ms=1.0, channel="reasoning")
    assert pieces.fits(thought)
    pieces.add(thought)
    assert pieces.fits(thought)
    assert not pieces.fits(Token(text="hi", dt_ms=1.0))
    assert pieces.take(0).channel == "reasoning"
    assert pieces.fits(Token(text="hi", dt_ms=1.0))


def test_only_so_many_share_an_event() -> None:
    """A full event takes no more."""
    pieces, token = Pieces(), Token(text="x", dt_ms=1.0)
    for _ in range(PIECES_LIMIT):
        assert pieces.fits(token)
        pieces.add(token)
    assert not pieces.fits(token)
    assert len(pieces.take(0).cuts) == PIECES_LIMIT


def events(said: list[Said]) -> list[Event]:
    """A part of a log, whose numbers begin at 5."""
    found, i = list[Event](), 0
    for seq, (channel, pieces) in enumerate(said, 5):
        if channel == "log":
            found.append(LogEvent(job_id="job-1", seq=seq, at=AT, data=Log(text="".join(pieces))))
            continue
        data = {
            "i": i,
            "text": "".join(pieces),
            "cuts": tuple(accumulate(map(len, pieces))),
            "dt_ms": tuple(float(seq) for _ in pieces),
            "channel": channel,
        }
        found.append(TokenEvent(job_id="job-1", seq=seq, at=AT, data=TokenData.model_validate(data)))
        i += len(pieces)
    return found


def told(log: list[Event]) -> list[tuple[object, ...]]:
    """What a log tells, piece by piece: of each its number in the answer, its channel, its text, its time."""
    found = list[tuple[object, ...]]()
    for event in log:
        if not isinstance(event, TokenEvent):
            found.append((event.seq, str(event)))
            continue
        data = event.data
        for number, (start, stop) in enumerate(pairwise((0, *data.cuts))):
            found.append((data.i + number, data.channel, data.text[start:stop], data.dt_ms[number]))
    return found


@given(st.lists(SAID, max_size=12))
def test_what_is_joined_tells_the_same(said: list[Said]) -> None:
    """Piece by piece, on the wire too; it has each number once, in order, and no two neighbours of one channel."""
    log = events(said)
    short = joined(log)
    assert told(short) == told(log)
    assert [EVENT.validate_json(event.line) for event in short] == short
    numbers = [number for event in short for number in range(event.first, event.seq + 1)]
    assert numbers == [event.seq for event in log]
    for one, other in pairwise(short):
        assert not (isinstance(one, TokenEvent) and isinstance(other, TokenEvent) and one.data.channel == other.data.channel)
    assert joined(short) == short


def test_an_event_for_itself_says_nothing_of_joining() -> None:
    """Its line is that of the log."""
    (event,) = joined(events([("content", ["a", "b"])]))
    assert b"joins" not in event.line


def test_only_so_many_pieces_are_joined() -> None:
    """Of more, there are several events, and each stands for what follows the one before."""
    log = events([("content", ["x"] * 100)] * 25)
    short = joined(log)
    assert [len(event.data.cuts) for event in short if isinstance(event, TokenEvent)] == [1000, 1000, 500]
    assert [(event.first, event.seq) for event in short] == [(5, 14), (15, 24), (25, 29)]
