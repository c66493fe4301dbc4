"""The line to a worker."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from queenlib.engines.host import web
from queenlib.engines.host.caller import Caller
from queenlib.engines.line import Line
from queenlib.errors import NotAsked, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.world import World
from tests.engines.foreign import answer, answering


class Hurried(World):
    """A world in which nothing may take longer than a moment."""

    @asynccontextmanager
    async def limit(self, seconds: float | None) -> AsyncIterator[None]:
        """That moment."""
        async with super().limit(0.2):
            yield


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1:80",
        "https://127.0.0.1:80",
        "http://localhost:80",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "",
        "x",
    ],
)
def test_loopback_only(url: str) -> None:
    """Only a loopback address with a port is spoken to."""
    with pytest.raises(WorkerProtocol):
        Line(url, "k", "w", World())


async def test_without_a_descriptor_nothing_is_known_of_a_worker() -> None:
    """It is tried until there is one; where there is none it was not asked, which is not that it is gone."""
    async with answering([answer(b"{}"), answer(b"{}")]) as line:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(NotAsked, match="Too many open files"):
                await Line(f"http://{line._netloc}", "k", "w", Hurried()).get("/x", limit_s=20.0)
            asking = asyncio.create_task(line.get("/x", limit_s=20.0))
            await asyncio.sleep(0.2)
            assert not asking.done()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (await asking).status == 200


async def test_json_there_and_back() -> None:
    """A question shows the key and brings back status and data."""
    heard: list[bytes] = []
    async with answering([answer(b'{"a": "\xff"}', status="400 No")], heard=heard) as line:
        reply = await line.post("/x", {"b": "\u2028"}, limit_s=20.0)
    assert (reply.status, reply.data) == (400, {"a": "\ufffd"})
    assert heard[0].startswith(b"POST /x HTTP/1.1\r\n")
    assert b"Authorization: Bearer k\r\n" in heard[0]


async def test_a_body_that_no_socket_takes_at_once_arrives_whole() -> None:
    """What is sent before there is a transport, and what is sent after, are one request."""
    bodies: list[bytes] = []

    async def talk(request: web.Request, caller: Caller) -> None:
        bodies.append(request.body)
        await caller.write(answer(b"{}"))

    async with await asyncio.get_running_loop().create_server(lambda: Caller(talk), "127.0.0.1", 0) as service:
        line = Line(f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}", "k", "w", World())
        assert (await line.post("/x", {"b": "x" * 16_000_000}, limit_s=20.0)).status == 200
    assert bodies == [b'{"b":"%s"}' % (b"x" * 16_000_000)]


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"<html>", kind="text/html"),
        answer(b"{", kind="application/json"),
        answer(b"[" * 100_000, kind="application/json"),
        answer(b"{}", status="302 Found\r\nLocation: http://192.0.2.1/"),
    ],
    ids=["html", "cut off", "deep", "redirect"],
)
async def test_not_json_is_refused(raw: bytes) -> None:
    """HTML, half a JSON, one too deep and a redirect are not the protocol."""
    async with answering([raw]) as line:
        with pytest.raises(WorkerProtocol):
            await line.get("/", limit_s=20.0)


async def test_nobody_listens() -> None:
    """Where nobody listens, the worker is gone for certain."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(WorkerDied) as death:
        await Line(f"http://127.0.0.1:{port}", "k", "w", World()).get("/", limit_s=20.0)
    assert death.value.listening is False


async def test_silence_is_a_stall() -> None:
    """Who takes the question and does not answer has stalled."""
    async with answering([b"HTTP/1.1 200 OK\r\n"], stay=True) as line:
        with pytest.raises(WorkerStalled):
            await line.get("/", limit_s=0.1)
