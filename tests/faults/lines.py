"""Readers of streams on raw sockets, which leave in every way: in mid-stream, before a byte has come, with RST or FIN."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from queenlib.sse import Decoder

Leaving = Literal["rst", "fin"]
"""With a reset, or in order."""
Place = Literal["connected", "head", "body"]
"""Before it has asked; once it has asked, before a byte of the answer; in the stream."""


@dataclass(frozen=True)
class Cut:
    """Where a reader leaves, and how."""

    where: Place
    how: Leaving = "rst"
    size: int = 0
    """After so many bytes of the stream; 0 is before the first id."""


@dataclass
class Read:
    """What came over one connection."""

    status: int = 0
    """0 where no answer came."""
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    """The number and the bytes of each event."""
    refusal: str = ""
    """What the queen refused it with."""


def leave(writer: asyncio.StreamWriter, how: Leaving) -> None:
    """Leave, with a reset or in order."""
    if how == "rst":
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a queen."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def request(url: str, token: str, job_id: str, after: int) -> bytes:
    """The bytes that ask for a stream."""
    lines = [
        f"GET /v1/jobs/{job_id}/stream HTTP/1.1",
        f"Host: {url.removeprefix('http://')}",
        f"Authorization: Bearer {token}",
        f"Last-Event-ID: {after}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def read(
    url: str, token: str, job_id: str, after: int, cut: Cut | None = None, heard: Callable[[bytes], None] = lambda _: None
) -> Read:
    """Read a job's stream after event `after`, to its end or to where we leave.

    Args:
        url: Where the queen is.
        token: Hers.
        job_id: Which job.
        after: The last event that is known.
        cut: Where to leave; by default nowhere.
        heard: Told of each event as it comes.
    """
    found = Read()
    with suppress(OSError, asyncio.IncompleteReadError):
        async with connected(url) as (reader, writer):
            if cut and cut.where == "connected":
                leave(writer, cut.how)
                return found
            writer.write(request(url, token, job_id, after))
            await writer.drain()
            if cut and cut.where == "head":
                leave(writer, cut.how)
                return found
            head = await reader.readuntil(b"\r\n\r\n")
            found.status = int(head.split()[1])
            if found.status not in (200, 204):
                found.refusal = head.split(b"\r\n")[0].decode()
            elif found.status == 200:
                await _body(reader, found, cut.size if cut else None, heard)
            if cut:
                leave(writer, cut.how)
    return found


async def _body(reader: asyncio.StreamReader, found: Read, size: int | None, heard: Callable[[bytes], None]) -> None:
    decoder = Decoder()
    while size is None or size > 0:
        length = int(await reader.readuntil(b"\r\n"), 16)
        data = (await reader.readexactly(length + 2))[:-2]
        if not data:
            return
        for event in decoder.feed(data if size is None else data[:size]):
            line = event.data.encode()
            found.lines.append((int(event.id), line))
            heard(line)
        size = None if size is None else size - len(data)
