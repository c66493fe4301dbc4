"""A wire between a client and its queen that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Wire:
    """Passes bytes on, and cuts each connection after so many bytes of its answers.

    Args:
        cuts: For each connection, after how many bytes; when they are used up, none is cut.
    """

    def __init__(self, cuts: list[int]) -> None:
        self.cuts = cuts
        self.connections = 0
        self.port = 0
        self.asked: list[str] = []
        """The first line of each request."""
        self.silent = 0
        """The number of the connection, from 1, on which nothing is passed on any more."""
        self._queen_port = 0

    def lead_to(self, url: str) -> None:
        """Where its other end is."""
        self._queen_port = int(url.rpartition(":")[2])

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        queen_reader, queen_writer = await asyncio.open_connection("127.0.0.1", self._queen_port)
        there = asyncio.create_task(self._copy(number, reader, queen_writer, None))
        here = asyncio.create_task(self._copy(number, queen_reader, writer, self.cuts.pop(0) if self.cuts else None))
        try:
            await asyncio.wait({there, here}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, here):
                task.cancel()
            writer.close()
            queen_writer.close()

    async def _copy(
        self, number: int, source: asyncio.StreamReader, target: asyncio.StreamWriter, limit: int | None
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if limit is None:
                    self.asked += [line.decode() for line in data.split(b"\r\n") if line.endswith(b" HTTP/1.1")]
                if self.silent == number:
                    continue
                target.write(data if limit is None else data[:limit])
                await target.drain()
                if limit is not None:
                    limit -= len(data)
                    if limit <= 0:
                        return


@asynccontextmanager
async def wire(*cuts: int) -> AsyncIterator[Wire]:
    """A wire on a port of its own."""
    made = Wire(list(cuts))
    listener = await asyncio.start_server(made._pass, "127.0.0.1", 0)
    made.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield made
