"""Pieces of an answer that share an event."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from queenlib.messages.events import Token
from queenlib.registry.pieces import PIECES_LIMIT, Pieces


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
