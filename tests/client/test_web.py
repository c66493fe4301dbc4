"""The requests of one client to one queen, against a server that sends what it is told to, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from queenlib.client.web import KEPT, Unanswered, Web

TICKET = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nX-Place: here\r\n\r\n"
Served = tuple[str, list[bytes]]


@asynccontextmanager
async def served(*answers: bytes, wait_s: float = 0.0, cut: bool = False) -> AsyncIterator[Served]:
    """Where one listens, and the heads of what it was asked; each request gets the next answer, the last for ever."""
    asked: list[bytes] = []
    lines: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            asked.append(head)
            await asyncio.sleep(wait_s)
            writer.write(answers[min(len(asked), len(answers)) - 1])
            if cut or b"connection: close" in head.lower():
                writer.close()
                return

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)

    async with await asyncio.start_server(quiet, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        for line in lines:
            line.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def web(url: str, silence_s: float = 30.0) -> AsyncIterator[Web]:
    """A client; closed in the end."""
    made = Web(url, {"authorization": "Bearer secret"}, silence_s)
    try:
        yield made
    finally:
        await made.close()


async def unanswered(work: Callable[[], Any]) -> Unanswered:
    """What becomes of a request that comes to nothing."""
    with pytest.raises(Unanswered) as found:
        await work()
    assert "secret" not in f"{found.value} {found.value!r}"
    return found.value


async def test_a_connection_is_kept() -> None:
    """Two requests go over one; each has the headers of all, and its own query."""
    async with served(TICKET) as (url, asked), web(url) as made:
        for number in range(2):
            reply = await made.ask("GET", "/v1/jobs", params={"tag": ["a", "b c"], "limit": str(number)})
            assert (reply.ok, reply.body) == (True, b"{}")
        assert [head.split(b" ")[1] for head in asked] == [b"/v1/jobs?tag=a&tag=b+c&limit=%d" % n for n in range(2)]
        assert all(b"authorization: Bearer secret" in head and b"identity" in head for head in asked)
        assert len(made._session.connector._conns) == 1


async def test_few_connections_are_kept() -> None:
    """Of a crowd of requests that were under way together; the others end with their answers."""
    async with served(TICKET, wait_s=0.2) as (url, asked), web(url) as made:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3 * KEPT):
                tasks.create_task(made.ask("GET", "/v1/info"))
        assert sum(b"close" in head.lower() for head in asked) == 2 * KEPT
        assert (await made.ask("GET", "/v1/info")).ok


async def test_a_text_takes_no_more_than_its_utf_8() -> None:
    """In whatever alphabet."""
    async with served(TICKET) as (url, asked), web(url) as made:
        await made.ask("POST", "/v1/jobs", body={"a": "é" * 1000})
        assert b"Content-Length: 2008" in asked[0]


async def test_a_redirect_is_not_followed() -> None:
    """It is an answer as any other: what is secret goes to one host only."""
    moved = b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nset-cookie: a=b\r\n\r\n"
    async with served(moved, TICKET) as (url, asked), web(url) as made:
        assert (await made.ask("GET", "/a")).status == 307
        assert (await made.ask("GET", "/b")).status == 201
    assert b"cookie" not in asked[1].lower()


async def test_a_stream_comes_as_it_is_sent() -> None:
    """Piece by piece, with its head first; a name in it is found in any case."""
    async with (
        served(STREAM + b"3\r\nabc\r\n0\r\n\r\n") as (url, _),
        web(url) as made,
        made.stream("/s?a=%2F", {"last-event-id": "3"}) as reply,
    ):
        assert reply.headers.get("x-place") == "here"
        assert reply.chunks is not None
        assert b"".join([chunk async for chunk in reply.chunks]) == b"abc"


async def test_what_is_no_stream_is_read_whole() -> None:
    """As where the queen refuses it."""
    async with served(TICKET) as (url, _), web(url) as made, made.stream("/s", {}) as reply:
        assert (reply.chunks, reply.body) == (None, b"{}")


async def test_nobody_there_is_told_apart() -> None:
    """Nothing has arrived there, for certain."""
    async with served(TICKET) as (url, _):
        pass
    async with web(url) as made:
        error = await unanswered(lambda: made.ask("POST", "/v1/jobs", body={}))
        assert (error.sent, error.late) == (False, False)


async def test_a_lost_answer_is_told_apart() -> None:
    """The request may have arrived: it is not sent again."""
    async with served(b"", cut=True) as (url, asked), web(url) as made:
        error = await unanswered(lambda: made.ask("POST", "/v1/jobs", body={}))
        assert (error.sent, error.late, len(asked)) == (True, False, 1)


async def test_silence_is_told_apart() -> None:
    """Of one who has been asked, and of a stream that stops."""
    async with served(TICKET, wait_s=5) as (url, _), web(url, 0.2) as made:
        error = await unanswered(lambda: made.ask("GET", "/v1/info"))
        assert (error.sent, error.late) == (True, True)
    async with served(STREAM + b"3\r\nabc\r\n") as (url, _), web(url, 0.2) as made:
        assert (await unanswered(lambda: drained(made))).late


async def test_who_reads_is_told_that_it_was_closed() -> None:
    """At once, and not when the line would have broken."""
    async with served(STREAM + b"3\r\nabc\r\n") as (url, _):
        made = Web(url, {"authorization": "Bearer secret"}, 30.0)
        reading = asyncio.create_task(unanswered(lambda: drained(made)))
        await asyncio.sleep(0.1)
        await made.close()
        async with asyncio.timeout(5):
            assert not (await reading).late


async def drained(made: Web) -> None:
    """Read a stream to its end."""
    async with made.stream("/s", {}) as reply:
        assert reply.chunks is not None
        async for _ in reply.chunks:
            pass
