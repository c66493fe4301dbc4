"""Somebody on a loopback port who answers with whatever bytes a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from queenlib.engines.line import Line
from queenlib.world import World

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(*parts: bytes, end: bool = True) -> bytes:
    """Parts of a body, each as a chunk."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if end else b"")


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def answering(pieces: Sequence[bytes], *, stay: bool = False, heard: list[bytes] | None = None) -> AsyncIterator[Line]:
    """A line to somebody who answers each request with `pieces`, one write each, and then closes it or stays silent."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(request)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if stay:
                await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    service = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield Line(f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}", "k", "w", World())
    finally:
        service.close()
        await asyncio.sleep(0.001)  # a connection may have been taken, and not been begun yet
        await asyncio.gather(*talks)
