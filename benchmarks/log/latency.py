"""What the queen adds between an engine and its reader: before the first token, and between two."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.log.figures import Figure
from benchmarks.log.replay import TOKEN
from queenlib.engines.engine import LoadSpec
from queenlib.engines.simulated import Simulated
from queenlib.home import Home
from queenlib.http.serve import serving
from queenlib.messages.worker import EngineArgs
from queenlib.router import Router
from queenlib.state import QueenState
from queenlib.world import World

MODEL = "sim:words?tokens={tokens}&tokens_per_s={rate}"
Heard = tuple[float, list[float]]
"""Seconds to the first token, and between two."""


@asynccontextmanager
async def engine(model: str) -> AsyncIterator[tuple[str, str]]:
    """The address and the key of an engine that runs by itself."""
    world = World()
    key = world.new_secret()
    launch = Simulated(world).launch(LoadSpec(model, None, 0, "cpu", 4096, 1, 1, 0, EngineArgs()), key)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*launch.argv, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(dict(launch.config)).encode() + b"\n")
    try:
        while (said := json.loads(await process.stdout.readline()))["type"] != "ready":
            pass
        yield said["url"], key
    finally:
        process.stdin.close()
        await process.wait()


class Line:
    """One connection, kept open between requests as any client of HTTP does."""

    def __init__(self, url: str, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host, self._key = url.removeprefix("http://"), key
        self._reader, self._writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str, key: str) -> AsyncIterator[Line]:
        """A connection."""
        host, _, port = url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield cls(url, key, reader, writer)
        finally:
            writer.close()

    def send(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Send a request: a POST, if there is a body."""
        sent = b"" if body is None else json.dumps(body).encode()
        head = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {self._host}"]
        head += [f"Authorization: Bearer {self._key}", "Content-Type: application/json", f"Content-Length: {len(sent)}"]
        self._writer.write("\r\n".join([*head, "", ""]).encode() + sent)

    async def answer(self) -> Any:
        """A whole answer, read."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in head if line.startswith(b"content-length"))
        return json.loads(await self._reader.readexactly(length))

    async def hear(self, token: bytes, end: bytes) -> list[float]:
        """When each line came that holds a token, up to the end."""
        times = []
        while (line := await self._reader.readline()) and end not in line:
            if token in line:
                times.append(time.perf_counter())
        return times


async def through(url: str, model: str) -> Heard:
    """One answer through the queen: the job is created, and then followed."""
    async with Line.to(url, TOKEN) as line:
        began = time.perf_counter()
        line.send("/v1/jobs", {"operation": "infer", "prompt": "x", "model": model})
        line.send((await line.answer())["sse_url"])
        times = await line.hear(b"event: token", b"event: end")
    return times[0] - began, [later - earlier for earlier, later in pairwise(times)]


async def direct(url: str, key: str) -> Heard:
    """One answer of the engine by itself."""
    async with Line.to(url, key) as line:
        began = time.perf_counter()
        asked = {"messages": [{"role": "user", "content": "x"}], "stream": True, "max_tokens": 4000}
        line.send("/v1/chat/completions", asked)
        times = await line.hear(b'"content": "', b"[DONE]")
    return times[0] - began, [later - earlier for earlier, later in pairwise(times)]


async def heard(folder: Path, model: str, rounds: int) -> tuple[list[Heard], list[Heard]]:
    """Answers of an engine by itself, and through a queen, in turns."""
    state = QueenState.open(Home.open(folder))
    router = await Router.begin(state)
    alone, ours = [], []
    try:
        async with engine(model) as (engine_url, key), serving(router, TOKEN) as url:
            await through(url, model)  # it loads
            for _ in range(rounds):
                alone.append(await direct(engine_url, key))
                ours.append(await through(url, model))
    finally:
        await router.close()
    return alone, ours


def figures(folder: Path, *, rounds: int = 15, tokens: int = 200) -> Iterator[Figure]:
    """One stream, at the pace of a reader."""
    model = MODEL.format(tokens=tokens, rate=100)
    alone, ours = asyncio.run(heard(folder / "latency", model, rounds))
    added = 1000 * (median(first for first, _ in ours) - median(first for first, _ in alone))
    yield Figure("added before the first token, p50", added, "ms", 8.0, most=True)
    late, usual = (quantiles([gap for _, gaps in side for gap in gaps], n=100)[98] for side in (ours, alone))
    yield Figure("added between two tokens, p99", 1000 * (late - usual), "ms", 10.0, most=True)
