"""What a token takes on the disk."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.log.appends import running
from benchmarks.log.figures import Figure
from queenlib.engines.host.script import WORDS
from queenlib.messages.events import Token
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World

JOBS = 8
GOALS = {30: 64.0, 200: 24.0}
"""Tokens a second, and the most bytes that one may take."""


async def say(log: JobLog, count: int, rate: int, chance: random.Random) -> None:
    """Write an answer, paced as an engine would."""
    world = World()
    began = last = world.monotonic()
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate + chance.uniform(0, 0.2 / rate) - world.monotonic()))
        now = world.monotonic()
        await log.write(Token(text=f" {chance.choice(WORDS)}", dt_ms=1000 * (now - last)))
        last = now
    await log.settled()


async def bytes_a_token(folder: Path, rate: int, seconds: float) -> float:
    """What the file has grown by, after all is in it, a token."""
    store = SqliteStore.open(folder / "jobs.db", World())
    logs = [await running(store) for _ in range(JOBS)]
    before, count = await store.size(), int(rate * seconds)
    await asyncio.gather(*(say(log, count, rate, random.Random(n)) for n, log in enumerate(logs)))
    await store.close()  # which brings the `-wal` into the database
    return ((folder / "jobs.db").stat().st_size - before) / (JOBS * count)


def figures(folder: Path, *, tokens: int = 600) -> Iterator[Figure]:
    """At the pace of a reader and at that of a fast machine, eight jobs at once."""
    for rate, goal in GOALS.items():
        (place := folder / f"size-{rate}").mkdir()
        found = asyncio.run(bytes_a_token(place, rate, tokens / rate))
        yield Figure(f"on disk, a token at {rate} tokens/s", found, "bytes", goal, most=True)
