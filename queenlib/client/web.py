"""The requests of one client to one queen, over connections that are kept.

aiohttp does the work: its parser is in C, and a request costs a third of the CPU time that one in pure Python does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

CONNECT_S = 5.0
"""Seconds to get through to the queen."""
KEPT, KEPT_S = 8, 3.0
"""How many connections are kept that nobody uses, and for how many seconds."""


class Unanswered(Exception):
    """A request that came to nothing.

    Args:
        why: In words.
        sent: Whether it may have arrived.
        late: Whether it took too long.
    """

    def __init__(self, why: str, *, sent: bool, late: bool) -> None:
        super().__init__(why)
        self.sent, self.late = sent, late


@dataclass(frozen=True)
class Reply:
    """What came back: its head, and its body, whole or piece by piece."""

    status: int
    headers: Mapping[str, str]
    """Whatever case a name is in, it is found."""
    body: bytes = b""
    chunks: AsyncIterator[bytes] | None = None
    """Of a stream; else `None`."""

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300


def _encoded(body: Any) -> bytes:
    """JSON in UTF-8: escaped, a text in another alphabet has three times the bytes. What is no Unicode the queen refuses."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


class Web:
    """Asks one host; no proxy, no redirect, no cookie, nothing compressed.

    Args:
        url: The host, such as `http://127.0.0.1:8000`.
        headers: What goes with each request.
        silence_s: Seconds without a byte after which a line counts as broken.
    """

    def __init__(self, url: str, headers: Mapping[str, str], silence_s: float) -> None:
        self._url, self._headers = url, {**headers, "accept-encoding": "identity"}
        self._patience = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=silence_s)
        self._session: aiohttp.ClientSession | None = None
        """There from the first request on: it belongs to the loop that it is made on."""
        self._streaming = set[aiohttp.ClientResponse]()
        self._busy = 0
        """Requests under way."""
        self.closed = False

    async def ask(self, method: str, path: str, *, body: Any = None, **more: Any) -> Reply:
        """Ask for something that has an end.

        Args:
            method: The verb.
            path: Where.
            body: What goes with it, as JSON.
            more: `params`, a query whose fields may be lists; `headers`.

        Raises:
            Unanswered: There is no answer.
        """
        headers = dict(more.pop("headers", {}))
        if body is not None:
            headers["content-type"], more["data"] = "application/json", _encoded(body)
        async with self._request(method, path, headers, **more) as response:
            return Reply(response.status, response.headers, await response.read())

    @asynccontextmanager
    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[Reply]:
        """Ask for something that goes on and on; closed where it is left before its end.

        Raises:
            Unanswered: There is no answer, or the line broke.
        """
        async with self._request("GET", path, headers) as response:
            streams = response.headers.get("content-type", "").startswith("text/event-stream") and response.status == 200
            if not streams:
                yield Reply(response.status, response.headers, await response.read())
                return
            self._streaming.add(response)
            try:
                yield Reply(response.status, response.headers, chunks=aiter(response.content.iter_any()))
            finally:
                self._streaming.discard(response)

    async def close(self) -> None:
        """Let go of every line."""
        self.closed = True
        for response in self._streaming:  # a session that is closed forgets who still reads
            response.content.set_exception(aiohttp.ClientConnectionError("This handle was closed."))
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], **sent: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = self._open()
        url, crowded = URL(self._url + path, encoded=True), {"connection": "close"} if self._busy >= KEPT else {}
        self._busy += 1
        try:
            async with self._session.request(
                method, url, headers={**headers, **crowded}, allow_redirects=False, **sent
            ) as response:
                yield response
        except (aiohttp.ClientError, OSError) as error:
            raise _unanswered(error) from error
        finally:
            self._busy -= 1

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=self._patience,
            auto_decompress=False,
            trust_env=False,
        )


def _unanswered(error: Exception) -> Unanswered:
    sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unanswered(why, sent=sent, late=isinstance(error, TimeoutError))
