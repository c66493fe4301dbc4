"""One request and its answer on one socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queenlib.engines.wire import HEAD_BYTES, LINE_BYTES
from queenlib.errors import EngineError, WorkerDied, WorkerProtocol, WorkerStalled
from tests.engines.foreign import STREAM, answer, answering, chunked


async def all_of(pieces: list[bytes], *, stay: bool = False, limit_s: float = 20.0) -> list[str]:
    """The data of all events of an answer."""
    async with answering(pieces, stay=stay) as line:
        exchange = await line.open("/", {})
        found = []
        try:
            while (piece := await exchange.next(limit_s)) is not None:
                assert piece.at >= exchange.sent_at
                found.append(piece.data)
        finally:
            exchange.close()
        return found


async def test_stream_is_read() -> None:
    """Each event comes with the time when it left the socket; comments are no events; CR LF ends lines, too."""
    body = chunked(b"data: one\n\n: a comment\n\n", b"data:two\r\n\r", b"\ndata: {\xff}\n\n")
    assert await all_of([STREAM, body]) == ["one", "two", "{\ufffd}"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=9)), st.data())
def test_pieces_do_not_matter(texts: list[str], data: st.DataObject) -> None:
    """However a stream is cut into packets and chunks, the same events come out."""
    raw = STREAM + chunked(*(b"data: " + text.encode() + b"\n\n" for text in texts))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert asyncio.run(all_of(pieces)) == texts


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", STREAM, b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 Oh\r\n\r\n"]))
def test_rubbish_is_a_typed_error(rubbish: bytes, before: bytes) -> None:
    """Whatever comes, it is a stream that ends, or an error of ours."""
    with suppress(EngineError):
        asyncio.run(all_of([before + rubbish]))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (answer(b"<html></html>", kind="text/html"), "text/html"),
        (answer(b"{}"), "no stream"),
        (STREAM + b"zz\r\nno chunk", "does not speak HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "101"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEAD_BYTES + 10) + b"\r\n\r\n", "long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * (HEAD_BYTES + 10), "longer"),
        (STREAM + chunked(b"data: " + b"x" * (LINE_BYTES + 1)), "more than"),
    ],
    ids=["html", "json", "bad chunk", "upgrade", "long headers", "endless header", "long line"],
)
async def test_foreign_answers_are_refused(raw: bytes, why: str) -> None:
    """What is not the protocol is refused, and the error says what it was."""
    with pytest.raises(WorkerProtocol) as refusal:
        await all_of([raw])
    assert why in refusal.value.why


async def test_a_second_answer_is_not_read() -> None:
    """Nothing that comes after the end of an answer is part of it."""
    assert await all_of([STREAM + chunked(b"data: 1\n\n") + STREAM + chunked(b"data: 2\n\n")]) == ["1"]


@pytest.mark.parametrize("raw", [b"", STREAM, STREAM + chunked(b"data: 1\n\n", end=False), b"HTTP/1.1 200 O"])
async def test_broken_line_is_a_death(raw: bytes) -> None:
    """A line that breaks before the end of an answer says that the worker died."""
    with pytest.raises(WorkerDied):
        await all_of([raw])


async def test_what_came_before_a_break_is_read() -> None:
    """Events that came before a line broke are given out first."""
    async with answering([STREAM, chunked(b"data: 1\n\n", end=False)]) as line:
        exchange = await line.open("/", {})
        piece = await exchange.next(20.0)
        assert piece
        assert piece.data == "1"
        with pytest.raises(WorkerDied):
            await exchange.next(20.0)
        exchange.close()


@pytest.mark.parametrize("raw", [b"", STREAM, STREAM + chunked(b": still here\n\n" * 3, end=False)])
async def test_silence_is_a_stall(raw: bytes) -> None:
    """A line on which no event comes in time has stalled, whatever else comes on it."""
    with pytest.raises(WorkerStalled) as stall:
        await all_of([raw], stay=True, limit_s=0.1)
    assert stall.value.silent_s == 0.1


async def test_long_streams_are_held_back() -> None:
    """More than anybody wants to keep at once comes through whole, while its reader is slow."""
    texts = [f"{number}" * 5000 for number in range(400)]
    async with answering([STREAM, chunked(*(b"data: " + text.encode() + b"\n\n" for text in texts))]) as line:
        exchange = await line.open("/", {})
        await asyncio.sleep(0.1)
        found = [piece.data for _ in texts if (piece := await exchange.next(20.0))]
        assert found == texts
        assert await exchange.next(20.0) is None
        exchange.close()


async def test_what_has_come_is_there_without_a_wait() -> None:
    """In its order, as `next` gives it; nothing before the head, at the end, and of what is no stream."""
    async with answering([STREAM, chunked(b"data: 1\n\n: x\n\n", b"data: 2\n\ndata: 3\n\n", b"data: 4\n\n")]) as line:
        exchange = await line.open("/", {})
        assert exchange.ready() is None
        await asyncio.sleep(0.1)
        found = [exchange.ready(), await exchange.next(20.0), exchange.ready(), exchange.ready()]
        assert [piece and piece.data for piece in found] == ["1", "2", "3", "4"]
        assert exchange.ready() is None
        assert await exchange.next(20.0) is None
        exchange.close()
    async with answering([answer(b"data: 1\n\n")]) as line:
        exchange = await line.open("/", {})
        await asyncio.sleep(0.1)
        assert exchange.ready() is None
        assert await exchange.head(20.0) == 200
        exchange.close()
