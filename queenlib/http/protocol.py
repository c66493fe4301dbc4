"""What has to be refused before there is a request that the guard could judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from queenlib.http.limits import HttpLimits
from queenlib.http.line import LINE

LIMITS = HttpLimits()
TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with a bound on the size of a head and on the time that it may take; it is also a `Line`.

    Without them the parser keeps headers without end, and a connection that says nothing stays for ever.
    """

    told: Callable[[], None] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0
        self._in_head = True
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A head has to come in its time."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for."""
        self._met()
        super().connection_lost(exc)
        if self.scope:
            self.scope["state"].pop(LINE, None)  # it would hold us, and we hold it
        self._tell()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self.scope["state"][LINE] = self
        self._in_head, self._head = True, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """The head is whole; a target in absolute form names a host that nobody would check."""
        self._in_head = False
        self._met()
        if not self.url.startswith(b"/"):
            raise ValueError("The target is not a path.")
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too long."""
        self._head += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._head > 2 * LIMITS.head and not self.transport.is_closing():
            self.transport.write(TOO_LONG)
            self.transport.close()

    def resume_writing(self) -> None:
        """There is room again."""
        super().resume_writing()
        self._tell()

    @property
    def full(self) -> bool:
        """See `Line`."""
        return self.flow.write_paused

    @property
    def gone(self) -> bool:
        """See `Line`."""
        return self.transport.is_closing()

    @property
    def unsent(self) -> int:
        """See `Line`."""
        return self.transport.get_write_buffer_size()

    def write(self, body: bytes) -> None:
        """See `Line`."""
        if not self.transport.is_closing():
            self.transport.write(b"%x\r\n%b\r\n" % (len(body), body))

    def abort(self) -> None:
        """See `Line`."""
        self.transport.abort()

    def _tell(self) -> None:
        if self.told is not None:
            self.told()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(LIMITS.head_s, self.transport.close)

    def _met(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
