"""An answer as it comes."""

from __future__ import annotations

import pytest

from queenlib.engines.engine import Finished
from queenlib.messages.answer import FinishReason, Usage
from queenlib.messages.events import Progress, Token
from queenlib.operations.answering import Answer

SCHEMA = {"type": "object"}


def answer(text: str, reason: FinishReason = FinishReason.STOP, count: int = 3) -> Answer:
    """One that came in two pieces."""
    made = Answer()
    made.add(Progress(what="prompt", done=1, total=1, unit="tokens"))
    made.add(Token(text="hm", dt_ms=5.0, channel="reasoning"))
    for at, piece in enumerate((text[:2], text[2:])):
        made.add(Token(text=piece, dt_ms=10.0 * (at + 1)))
    made.add(Finished(reason, Usage(prompt_tokens=1, cached_tokens=0, completion_tokens=count), 0.0, 0.0))
    return made


def test_pieces_add_up() -> None:
    """By channel, with their times; the rate is that of the tokens after the first."""
    made = answer("abcd")
    assert (made.text(), made.text("reasoning")) == ("abcd", "hm")
    assert (made.ttft_ms, made.decode_ms) == (5.0, 30.0)
    assert made.tokens_per_s == pytest.approx(1000 * 2 / 30)
    assert answer("abcd", count=1).tokens_per_s is None
    assert (Answer().ttft_ms, Answer().decode_ms, Answer().tokens_per_s) == (0.0, 0.0, None)


def test_pieces_know_where_they_end() -> None:
    """Thoughts first; where a thought comes after the answer began nobody can say."""
    made = answer("abcd")
    assert made.pieces() == {"cuts": (2, 4, 6), "dt_ms": (5.0, 10.0, 20.0)}
    made.add(Token(text="late", dt_ms=1.0, channel="reasoning"))
    assert made.pieces() == {}


def test_data_is_what_was_asked_for_and_is_whole() -> None:
    """Without a schema, cut off, or no JSON, there is none."""
    assert answer('{"a": 1}').parsed(SCHEMA) == {"a": 1}
    assert answer('{"a": 1}').parsed(None) is None
    assert answer('{"a": ', FinishReason.LENGTH).parsed(SCHEMA) is None
    assert answer('{"a": ').parsed(SCHEMA) is None
    assert answer('{"a": "\\ud83d", "b": 1e999}').parsed(SCHEMA) == {"a": "\ufffd", "b": None}


@pytest.mark.parametrize(("text", "data"), [('"good"  ', "good"), ('{"a": 1}\n', {"a": 1}), ("true", True), ("12", None)])
def test_what_is_whole_may_have_come_to_its_limit(text: str, data: object) -> None:
    """With blanks after it; a number may have gone on, so that one is none."""
    assert answer(text, FinishReason.LENGTH).parsed(SCHEMA) == data
