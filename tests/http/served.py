"""A queen behind a real socket on loopback, and ways to speak to it byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queenlib.home import Home
from queenlib.http.serve import serving
from queenlib.messages.events import Token, Yielded
from queenlib.messages.infer import Infer
from queenlib.messages.status import StatusReport
from queenlib.registry.store import Store
from queenlib.router import Router
from queenlib.state import QueenState

TOKEN = "a-token-of-exactly-forty-characters-0000"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, if it is there."""
        return next((value for each, value in self.headers if each == name), None)

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Talk:
    """One connection, spoken to in raw bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *parts: bytes) -> None:
        """Write these bytes."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def head(self) -> Answer:
        """The head of an answer."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.partition(": ") for line in lines[1:] if line]
        return Answer(int(lines[0].split()[1]), [(name.lower(), value) for name, _, value in pairs], b"")

    async def chunk(self) -> bytes:
        """The next piece of a body that comes in pieces; empty at its end."""
        size = int(await self.reader.readline(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def answer(self) -> Answer:
        """A whole answer."""
        head = await self.head()
        if head.header("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in self.chunks()])
        else:
            body = await self.reader.readexactly(int(head.header("content-length") or 0))
        return Answer(head.status, head.headers, body)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces of a body, up to its end."""
        while chunk := await self.chunk():
            yield chunk


@dataclass(frozen=True)
class Served:
    """A queen and where she is."""

    router: Router
    state: QueenState
    url: str

    @property
    def host(self) -> str:
        """What belongs into `Host`."""
        return self.url.removeprefix("http://")

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[Talk]:
        """A connection of one's own."""
        address, _, port = self.host.rpartition(":")
        reader, writer = await asyncio.open_connection(address.strip("[]"), int(port))
        try:
            yield Talk(reader, writer)
        finally:
            writer.close()

    def request(
        self,
        target: str,
        method: str = "GET",
        headers: Iterable[str] = (),
        body: bytes | None = None,
        *,
        host: str | None = None,
        token: str | None = TOKEN,
    ) -> bytes:
        """The bytes of a request. `headers` are whole lines."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host if host is None else host}", *headers]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")

    async def ask(self, *args: Any, **kwargs: Any) -> Answer:
        """One request on a connection of its own; see `request`."""
        async with self.talk() as talk, asyncio.timeout(30):
            await talk.send(self.request(*args, **kwargs))
            return await talk.answer()

    async def post(self, body: bytes | dict[str, Any], query: str = "") -> Answer:
        """Create a job."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.ask(f"/v1/jobs{query}", "POST", body=sent)

    async def run(self, pieces: Iterable[str], gate: asyncio.Event | None = None, pause_s: float = 0.0) -> str:
        """The id of a job that says these pieces, with pauses, and ends when the gate is open."""

        async def work() -> AsyncGenerator[Yielded]:
            for piece in pieces:
                yield Token(text=piece, dt_ms=1.0)
                await asyncio.sleep(pause_s)
            if gate:
                await gate.wait()
            yield StatusReport(hives=())

        operation = Infer(prompt="x")
        return await self.state.registry.create(operation, work)


@asynccontextmanager
async def served(home: Path, store: Store | None = None, **options: Any) -> AsyncIterator[Served]:
    """A queen with a home of her own, served for as long as this is open; options are those of `serving`."""
    state = QueenState.open(Home.open(home), store=store)
    router = Router(state)
    try:
        async with serving(router, TOKEN, **options) as url:
            yield Served(router, state, url)
    finally:
        await router.close()
