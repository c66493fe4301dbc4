"""Somebody who asks a simulated worker something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from queenlib.engines.host.caller import Caller
from queenlib.engines.host.web import BODY_BYTES, Request

ASKED = b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
Said = Callable[[Request, Caller], Coroutine[Any, Any, None]]


@asynccontextmanager
async def called(answer: Said) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A line to somebody who answers like this."""
    service = await asyncio.get_running_loop().create_server(lambda: Caller(answer), "127.0.0.1", 0)
    async with service:
        reader, writer = await asyncio.open_connection(*service.sockets[0].getsockname())
        try:
            async with asyncio.timeout(20):
                yield reader, writer
        finally:
            writer.close()


@pytest.mark.parametrize("size", [1, 7, len(ASKED)])
async def test_a_request_is_answered_once_all_of_it_has_come(size: int) -> None:
    """In however many parts it comes; then the line is closed."""
    heard: list[Request] = []

    async def answer(request: Request, caller: Caller) -> None:
        heard.append(request)
        await caller.write(b"one")
        await caller.write(b"two")

    async with called(answer) as (reader, writer):
        for at in range(0, len(ASKED), size):
            assert not heard
            writer.write(ASKED[at : at + size])
            await asyncio.sleep(0.002)
        assert await reader.read() == b"onetwo"
    assert [(request.path, request.body) for request in heard] == [("/x", b"body")]


async def test_what_is_written_in_one_turn_of_the_loop_arrives_together() -> None:
    """And what is written in a later one does not wait for more."""

    async def answer(_: Request, caller: Caller) -> None:
        await caller.write(b"one")
        await caller.write(b"two")
        await asyncio.sleep(0.05)
        await caller.write(b"three")
        await asyncio.Event().wait()

    async with called(answer) as (reader, writer):
        writer.write(ASKED)
        assert await reader.read(100) == b"onetwo"
        assert await reader.read(100) == b"three"


@pytest.mark.parametrize("leave", ["close", "abort", "half", "more"])
async def test_who_leaves_is_spoken_to_no_more(leave: str) -> None:
    """Whether the line was closed, cut, closed on one side, or something came that has no place on it."""
    ended = asyncio.Event()

    async def answer(_: Request, caller: Caller) -> None:
        try:
            await caller.write(b"begun")
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with called(answer) as (reader, writer):
        writer.write(ASKED)
        assert await reader.readexactly(5) == b"begun"
        match leave:
            case "close":
                writer.close()
            case "abort":
                writer.transport.abort()
            case "half":
                writer.write_eof()
            case _:
                writer.write(b"x")
        await ended.wait()


@pytest.mark.parametrize("asked", [b"x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES + 1)])
async def test_what_is_no_request_is_not_answered(asked: bytes) -> None:
    """The line is closed without a word."""

    async def answer(*_: object) -> None:
        raise AssertionError("never")

    async with called(answer) as (reader, writer):
        writer.write(asked)
        assert await reader.read() == b""


async def test_a_caller_who_does_not_read_is_waited_for() -> None:
    """So that what is said to it does not pile up; all of it comes in the end."""
    said = 0

    async def answer(_: Request, caller: Caller) -> None:
        nonlocal said
        while said < 200:
            await caller.write(b"x" * 100_000)
            said += 1

    async with called(answer) as (reader, writer):
        writer.write(ASKED)
        await asyncio.sleep(0.2)
        assert said < 150
        assert len(await reader.read()) == 20_000_000
    assert said == 200
