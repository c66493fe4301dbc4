"""How fast a long log is replayed over HTTP, against how fast it came live over the same line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from queenlib.home import Home
from queenlib.http.serve import serving
from queenlib.messages.base import Deleted
from queenlib.messages.events import Log, Yielded
from queenlib.messages.model import ModelDelete
from queenlib.router import Router
from queenlib.state import QueenState

TOKEN = "a-token-for-a-benchmark-of-forty-characters"


async def read(url: str, job_id: str) -> float:
    """Events a second, as a reader in another process sees them."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    argv = [sys.executable, "-m", "benchmarks.log.reader", host, port, TOKEN, job_id]
    pipe = asyncio.subprocess.PIPE
    reader = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    said, _ = await reader.communicate(b"now\n")
    count, seconds = said.split()
    return int(count) / float(seconds)


async def rates(folder: Path, events: int, rounds: int) -> tuple[float, float]:
    """Live and replayed, in events a second."""

    async def work() -> AsyncGenerator[Yielded]:
        for n in range(events):
            yield Log(text=f"line {n}")
            if n % 16 == 0:
                await asyncio.sleep(0)
        yield Deleted(kind="model", id="m")

    state = QueenState.open(Home.open(folder))
    router = Router(state)
    live, replayed = [], []
    try:
        async with serving(router, TOKEN) as url:
            for _ in range(rounds):
                job_id = await state.registry.create(ModelDelete(model="m"), work)
                live.append(await read(url, job_id))
                replayed.append(await read(url, job_id))
    finally:
        await router.close()
    return median(live), median(replayed)


def figures(folder: Path, *, events: int = 100_000, rounds: int = 3) -> Iterator[Figure]:
    """Both over the same queen, in turns."""
    live, replayed = asyncio.run(rates(folder / "replay", events, rounds))
    yield Figure(f"replay of {events:,} events", replayed, "events/s", 1.0, live)
