"""Server-sent events: what goes in comes out, whatever it holds and however it is cut."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.errors import TooLarge
from queenlib.messages.events import EVENT, EndData, EndEvent, Event, Log, LogEvent, TokenData, TokenEvent
from queenlib.messages.state import State
from queenlib.sse import HEARTBEAT, Decoder, ServerSentEvent, encode, priming

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARTS = [
    b"\r",
    b"\n",
    b"\r\n",
    b"data",
    b"data:",
    b": c",
    b"id: 3",
    b"event: e",
    b" x",
    b"id: 3\nevent: e\ndata: x\n\n",
    b"id: \xff\nevent: \xff\ndata:  \xff\n\n",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xff",
]
AWKWARD = [
    "[DONE]",
    "data: x\n\nevent: end\n\n",
    "a\rb",
    "a\r\nb",
    "\u2028\u2029\u0085",
    "<script>alert(1)</script>",
    "\0",
    ":",
    "",
]


def token(text: str, seq: int = 7) -> TokenEvent:
    """A piece of an answer."""
    return TokenEvent(job_id="job-1", seq=seq, at=AT, data=TokenData(i=0, text=text, cuts=(len(text),), dt_ms=(1.5,)))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """The stream in pieces, cut at these places."""
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def read(*chunks: bytes, decoder: Decoder | None = None) -> list[ServerSentEvent]:
    """The events in these pieces."""
    decoder = decoder or Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_arrives_unharmed(text: str) -> None:
    """What a model may say ends no event and forges none."""
    (event,) = read(encode(token(text)))
    assert (event.id, event.event) == ("7", "token")
    assert EVENT.validate_json(event.data) == token(text)


@given(texts=st.lists(st.text(), max_size=5), places=st.lists(st.integers(0, 2000), max_size=8))
def test_any_text_in_any_pieces_comes_back(texts: list[str], places: list[int]) -> None:
    """Events of ours come back equal, however the bytes are cut."""
    sent: list[Event] = [LogEvent(job_id="job-1", seq=n + 1, at=AT, data=Log(text=text)) for n, text in enumerate(texts)]
    sent.append(EndEvent(job_id="job-1", seq=len(texts) + 1, at=AT, data=EndData(state=State.SUCCEEDED)))
    stream = priming(0) + HEARTBEAT.join(encode(event) for event in sent)
    got = read(*cut(stream, places))
    assert [EVENT.validate_json(event.data) for event in got] == sent
    assert [event.id for event in got] == [str(event.seq) for event in sent]


@given(
    stream=st.lists(
        st.sampled_from(PARTS),
        max_size=40,
    ).map(b"".join),
    places=st.lists(st.integers(0, 120), max_size=10),
)
def test_where_it_is_cut_does_not_matter(stream: bytes, places: list[int]) -> None:
    """Any bytes in any pieces give the events that they give as a whole, and byte by byte."""
    assert read(*cut(stream, places)) == read(stream) == read(*[stream[n : n + 1] for n in range(len(stream))])


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("", "message", "YHOO\n+2\n10")]),
        (b": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
         [("1", "message", "first"), ("", "message", "second"), ("", "message", " third")]),
        (b"data\n\ndata\ndata\n\ndata:", [("", "message", ""), ("", "message", "\n")]),
        (b"data:test\n\ndata: test\n\n", [("", "message", "test")] * 2),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "message", "a")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"id: 1\0\ndata: a\n\n", [("", "message", "a")]),
        (b"id: 5\n\ndata: a\r\rdata: b\r\n\r\n", [("5", "message", "a"), ("5", "message", "b")]),
        (b"event: add\ndata: 1\n\ndata: 2\n\n", [("", "add", "1"), ("", "message", "2")]),
        (b"event: lost\n\ndata: a\n\n", [("", "message", "a")]),
        (b"data: cut \xc3\n\n", [("", "message", "cut \N{REPLACEMENT CHARACTER}")]),
        (b"nonsense: a\nDATA: b\n\n", []),
        (b"data: never ended\n", []),
    ],
)  # fmt: skip
def test_it_reads_as_the_standard_says(stream: bytes, expected: list[tuple[str, str, str]]) -> None:
    """The standard's own examples, and its corners."""
    assert read(stream) == [ServerSentEvent(*each) for each in expected]


def test_a_cut_line_end_is_one_line_end() -> None:
    """A CR in one piece and its LF in the next are not two."""
    assert read(b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n") == [ServerSentEvent("", "message", "a\nb")]


def test_priming_gives_an_id_and_no_event() -> None:
    """A reader knows where it is before anything came, and when to come back."""
    decoder = Decoder()
    assert decoder.feed(priming(41)) == []
    assert (decoder.last_id, decoder.retry_ms) == ("41", 1000)


def test_retry_is_digits_or_nothing() -> None:
    """A time that is no number is not taken."""
    decoder = Decoder()
    decoder.feed(b"retry: 1e3\n\nretry:\n\nretry: -1\n\n")
    assert decoder.retry_ms is None


@pytest.mark.parametrize("chunks", [[b"data: " + b"x" * 200], [b"x" * 60] * 4, [b"data: 1234567890\n"] * 20])
def test_what_does_not_end_is_refused(chunks: list[bytes]) -> None:
    """Neither a line nor the data of an event grows without bound."""
    with pytest.raises(TooLarge) as refused:
        read(*chunks, decoder=Decoder(limit=100))
    assert refused.value.limit == 100
