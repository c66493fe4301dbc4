"""Asking a queen over a raw connection, byte by byte as any other program would, and what her workers noted of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queenlib.home import Home
from tests.faults.history import Noted
from tests.faults.reigns import Death, Reign, begin
from tests.http.served import Answer, Talk


@dataclass(frozen=True)
class Asker:
    """Somebody who knows where a queen is."""

    url: str
    token: str

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[Talk]:
        """A connection of one's own."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield Talk(reader, writer)
        finally:
            writer.close()

    def request(self, method: str, target: str, body: bytes = b"", *lines: bytes) -> bytes:
        """The bytes of a request; `lines` are whole lines of its head."""
        head = [f"{method} {target} HTTP/1.1".encode(), f"Host: {self.url.removeprefix('http://')}".encode()]
        head += [f"Authorization: Bearer {self.token}".encode(), *lines]
        if body or method == "POST":
            head += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
        return b"\r\n".join([*head, b"", body])

    async def ask(self, method: str, target: str, body: bytes | dict[str, Any] = b"", *lines: bytes) -> Answer:
        """One request, on a connection of its own."""
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        async with asyncio.timeout(60), self.talk() as talk:
            await talk.send(self.request(method, target, sent, *lines))
            return await talk.answer()

    async def post(self, payload: bytes | dict[str, Any], key: bytes | None = None, query: str = "") -> Answer:
        """Ask for a job."""
        lines = [] if key is None else [b"Idempotency-Key: " + key]
        return await self.ask("POST", f"/v1/jobs{query}", payload, *lines)

    async def log(self, job_id: str) -> bytes:
        """A job's whole stream, to its end."""
        return (await self.ask("GET", f"/v1/jobs/{job_id}/stream")).body


@asynccontextmanager
async def reigning(home: Path) -> AsyncIterator[tuple[Reign, Asker]]:
    """A queen in a process of her own, by the real program; killed in the end, if she lives."""
    reign = await begin(home)
    assert not isinstance(reign, Death), reign
    try:
        yield reign, Asker(reign.url, reign.token)
    finally:
        reign.kill()
        await reign.process.wait()


def starts(home: Path) -> int:
    """How often simulated workers began to answer."""
    return sum(noted.what == "start" for noted in Noted.read(Home(home).journal))
