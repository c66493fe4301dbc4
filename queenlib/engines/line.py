"""The line to a worker: where it listens, and how it is asked.

One connection for each request, because llama.cpp closes its socket after each stream. Loopback only.
"""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from queenlib.engines.faults import died, not_asked, protocol, stalled
from queenlib.engines.wire import Exchange, Reply
from queenlib.world import World

CONNECT_S = 5.0
"""How long the machine may take to connect to itself, in seconds."""
AGAIN_S = 0.05
"""Between two tries where something was wanting for a connection, in seconds."""
WANTING = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
"""What fails on our side of a connection: it says nothing of the other."""

CONNECTED = {0, errno.EISCONN}
"""What a second try at a connection says when the first has got through, as it has on loopback: there is no need to wait."""


class Line:
    """Where a worker listens, and what it wants to be shown.

    Args:
        url: `http://127.0.0.1:PORT`; nothing but a loopback address is accepted.
        key: Shown with each request.
        name: The worker's, for errors.
        world: The clock.

    Raises:
        WorkerProtocol: The URL is no loopback one.
    """

    def __init__(self, url: str, key: str, name: str, world: World) -> None:
        self.name, self.world, self._key = name, world, key
        parts = urlsplit(url)
        try:
            self._host, self._port = parts.hostname or "", parts.port or 0
            address = ip_address(self._host)
            loopback = parts.scheme == "http" and self._port and address.is_loopback
            self._family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        except ValueError:
            loopback = False
        if not loopback:
            raise protocol(name, f"it says that it listens at {url!r}, which is no loopback address")
        self._netloc = parts.netloc

    async def get(self, path: str, *, limit_s: float) -> Reply:
        """Ask for something and wait for `limit_s` seconds at most.

        Raises:
            WorkerDied: Nobody listens, or the line broke.
            NotAsked: There was no file descriptor for a connection, nor within 5 s.
            WorkerStalled: It took longer.
            WorkerProtocol: What came is not JSON in HTTP.
        """
        return await self._whole("GET", path, b"", limit_s)

    async def post(self, path: str, body: dict[str, Any], *, limit_s: float) -> Reply:
        """Ask for something with a body of JSON; raises as `get` does."""
        return await self._whole("POST", path, _encode(body), limit_s)

    async def open(self, path: str, body: dict[str, Any]) -> Exchange:
        """Send a request whose answer is a stream; whoever opens it closes it. Raises as `get` does."""
        return await self._send("POST", path, _encode(body))

    async def _whole(self, method: str, path: str, body: bytes, limit_s: float) -> Reply:
        exchange = await self._send(method, path, body)
        try:
            return await exchange.reply(limit_s)
        finally:
            exchange.close()

    async def _send(self, method: str, path: str, body: bytes) -> Exchange:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._netloc}\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        line = await self._connect()  # who leaves before this returns has asked nothing
        return Exchange(self.name, self.world, line, head.encode() + body)

    async def _connect(self) -> socket.socket:
        wanting = ""
        try:
            async with self.world.limit(CONNECT_S):
                while True:
                    try:
                        return await self._connected()
                    except OSError as error:
                        if error.errno not in WANTING:
                            raise
                        wanting = str(error)
                    await self.world.sleep(AGAIN_S)
        except TimeoutError:
            raise (not_asked(self.name, wanting) if wanting else stalled(self.name, CONNECT_S)) from None
        except OSError as error:
            raise died(self.name, f"nobody listens at {self._netloc}: {error}", listening=False) from None

    async def _connected(self) -> socket.socket:
        line = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            line.setblocking(False)
            address = self._host, self._port
            if line.connect_ex(address) and line.connect_ex(address) not in CONNECTED:
                await asyncio.get_running_loop().sock_connect(line, address)
        except BaseException:
            line.close()
            raise
        return line


def _encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
