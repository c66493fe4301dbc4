"""Somebody who asks a simulated worker something: one connection, one request, and what is answered to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from queenlib.engines.host.web import Request, request

TOGETHER_BYTES = 64 * 1024
"""What has been written leaves at once where it is so long."""


class Caller(asyncio.Protocol):
    """Has a request answered once all of it has come; who leaves before all is said is spoken to no more.

    This and not a pair of streams, because a worker that slept pays for each step of its loop.

    Args:
        answer: Writes the answer to a request; it is cancelled where the caller has left.
    """

    def __init__(self, answer: Callable[[Request, Caller], Coroutine[Any, Any, None]]) -> None:
        self._answer = answer
        self._came, self._unsent = bytearray(), bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()

    async def write(self, data: bytes) -> None:
        """Write some of the answer, and wait while the caller is too far behind.

        What one turn of the loop brings leaves together: a caller who waits wakes up once for it.
        """
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent += data
        if len(self._unsent) >= TOGETHER_BYTES:
            self._send()
        if not self._room.is_set():
            await self._room.wait()

    def _send(self) -> None:
        data, self._unsent = bytes(self._unsent), bytearray()
        if data:
            self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Some of the request has come; after it, nothing may."""
        self._came += data
        try:
            whole = None if self._answering else request(self._came)
        except ValueError:
            self._transport.abort()
            return
        if whole is not None:
            self._answering = asyncio.create_task(self._see_to(whole))
        elif self._answering is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has left, or all has been said."""
        if self._answering is not None:
            self._answering.cancel()

    def pause_writing(self) -> None:
        """The caller is behind."""
        self._room.clear()

    def resume_writing(self) -> None:
        """The caller has caught up."""
        self._room.set()

    async def _see_to(self, whole: Request) -> None:
        try:
            await self._answer(whole, self)
        finally:
            self._send()
            self._transport.close()
