"""One request and its answer on one socket: the smallest HTTP/1.1 client that reads a stream well.

No redirects, no compression, no second request. Whatever comes is stamped where it left the socket, not where somebody got
to read it. Sources: RFC 9112 for HTTP/1.1, the WHATWG's HTML standard (server-sent events) for the stream.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass
from typing import Any

import httptools

from queenlib.engines.faults import decode, died, protocol, stalled
from queenlib.errors import EngineError, TooLarge
from queenlib.sse import Decoder
from queenlib.world import World

HEAD_BYTES = 16 * 1024
LINE_BYTES = 4 * 1024 * 1024
BODY_BYTES = 16 * 1024 * 1024
AHEAD_BYTES = 1024 * 1024
"""So much is taken from the socket ahead of who reads."""


@dataclass(frozen=True)
class Reply:
    """A whole answer in JSON."""

    status: int
    data: Any


@dataclass(frozen=True)
class Piece:
    """The data of one event of a stream; what was not UTF-8 in it is U+FFFD."""

    data: str
    at: float
    """When its last byte left the socket, on the world's monotonic clock, in seconds."""


class Exchange(asyncio.Protocol):
    """One request and its answer on one socket. What the parser calls stands under `on_…`.

    The request is sent before asyncio has made a transport of the socket, so that the worker need not wait for that.

    Args:
        name: The worker's, for errors.
        world: The clock.
        line: The socket, connected and not blocking; it is the exchange's from here on.
        request: All of it.
    """

    def __init__(self, name: str, world: World, line: socket.socket, request: bytes) -> None:
        self._unsent = request[_send_some(line, request) :]
        self.sent_at = world.monotonic()
        """When the request was written, on the world's monotonic clock, in seconds."""
        self.status = 0
        """The answer's status; 0 until its head has come."""
        self._name, self._world = name, world
        self._parser = httptools.HttpResponseParser(self)
        self._type = b""
        self._head_bytes = self._header_bytes = self._ahead = 0
        self._begun = self._whole = False
        self._error: EngineError | None = None
        self._body: deque[tuple[bytes, float]] = deque()
        self._pieces: deque[Piece] = deque()
        self._decoder = Decoder(LINE_BYTES)
        self._changed = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._closed = False
        self._joining = asyncio.create_task(self._join(line), name=f"line to {name}")

    async def _join(self, line: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, sock=line)
        except OSError as error:
            line.close()
            self._fail(died(self._name, f"the line broke: {error}"))

    def close(self) -> None:
        """Close the socket, at once: that is what tells the worker that nobody wants more."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    async def head(self, limit_s: float) -> int:
        """The status, as soon as the head of the answer has come; raises as `next` does."""
        if self.status:
            return self.status
        try:
            async with self._world.limit(limit_s):
                return await self._head()
        except TimeoutError:
            raise stalled(self._name, limit_s) from None

    async def reply(self, limit_s: float) -> Reply:
        """The whole answer, which is JSON; raises as `next` does."""
        try:
            async with self._world.limit(limit_s):
                return await self._reply()
        except TimeoutError:
            raise stalled(self._name, limit_s) from None

    def ready(self) -> Piece | None:
        """What `next` gives, where that has come already: it costs no timer."""
        while self._body and not self._pieces and self._streams:
            chunk, at = self._taken()
            try:
                self._pieces.extend(Piece(event.data, at) for event in self._decoder.feed(chunk))
            except TooLarge as error:
                raise protocol(self._name, error.what) from None
        return self._pieces.popleft() if self._pieces else None

    async def next(self, limit_s: float) -> Piece | None:
        """The data of the stream's next event; `None` at the end of the stream. Comments are no events.

        Raises:
            WorkerDied: The line broke.
            WorkerStalled: None came for `limit_s` seconds.
            WorkerProtocol: What came is no such stream.
        """
        try:
            async with self._world.limit(limit_s):
                await self._head()
                if not self._streams:
                    raise protocol(self._name, f"it answered {self.status} with {self._type.decode('latin-1')!r}, no stream")
                while (piece := self.ready()) is None and not self._whole:
                    await self._more()
                return piece
        except TimeoutError:
            raise stalled(self._name, limit_s) from None

    async def _reply(self) -> Reply:
        status = await self._head()
        if 300 <= status < 400 or not self._type.startswith(b"application/json"):
            raise protocol(self._name, f"it answered {status} with {self._type.decode('latin-1')!r}, not with JSON")
        body = bytearray()
        while (chunk := await self._chunk()) is not None:
            body += chunk
            if len(body) > BODY_BYTES:
                raise protocol(self._name, f"its answer is longer than {BODY_BYTES:,} bytes")
        return Reply(status, decode(self._name, body.decode("utf-8", "replace")))

    async def _head(self) -> int:
        while not self.status:
            await self._more()
        return self.status

    async def _chunk(self) -> bytes | None:
        while not self._body:
            if self._whole:
                return None
            await self._more()
        return self._taken()[0]

    def _taken(self) -> tuple[bytes, float]:
        chunk = self._body.popleft()
        self._ahead -= len(chunk[0])
        if self._ahead < AHEAD_BYTES and self._transport is not None:
            self._transport.resume_reading()
        return chunk

    @property
    def _streams(self) -> bool:
        return self.status == 200 and self._type.startswith(b"text/event-stream")

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._changed.clear()
        await self._changed.wait()

    def _fail(self, error: EngineError) -> None:
        self._error = self._error or error
        self._changed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._closed:
            transport.abort()
        elif self._unsent:
            transport.write(self._unsent)
            self._unsent = b""

    def data_received(self, data: bytes) -> None:
        """Bytes left the socket: this is the moment that counts."""
        self._at = self._world.monotonic()
        self._head_bytes += 0 if self.status else len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(protocol(self._name, f"it does not speak HTTP: {error.__context__ or error}"))
        if not self.status and self._head_bytes > HEAD_BYTES:
            self._fail(protocol(self._name, f"the head of its answer is longer than {HEAD_BYTES:,} bytes"))
        assert self._transport is not None
        if self._error is not None:
            self._transport.abort()
        elif self._ahead >= AHEAD_BYTES:
            self._transport.pause_reading()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: too early, unless all has come."""
        if not self._whole:
            self._fail(died(self._name, f"the line broke: {exc or 'it was closed in the middle of an answer'}"))

    def on_message_begin(self) -> None:
        """An answer begins: one, and no more."""
        if self._begun:
            raise ValueError("more than one answer")
        self._begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEAD_BYTES:
            raise ValueError("its headers are too long")
        if name.lower() == b"content-type":
            self._type = value.lower()

    def on_headers_complete(self) -> None:
        """The head has come."""
        self.status = int(self._parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        """Some of the body has come."""
        self._ahead += len(body)
        self._body.append((body, self._at))

    def on_message_complete(self) -> None:
        """All has come."""
        self._whole = True


def _send_some(line: socket.socket, request: bytes) -> int:
    """Send what there is room for; how many bytes that was."""
    try:
        return line.send(request)
    except OSError:  # there is no room, or nobody is there any more, which is found out when an answer is waited for
        return 0
