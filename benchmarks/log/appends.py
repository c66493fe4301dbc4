"""How fast events are kept, against SQLite told to write a hundred plain rows at a time, as durably."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import apsw

from benchmarks.log.figures import Figure
from queenlib.messages.events import Log
from queenlib.messages.infer import Infer
from queenlib.messages.job import USUAL
from queenlib.messages.state import State
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World

WRITERS = 8
ROWS = 100
TURN = 32
"""Events after which a writer lets the others have a turn."""


async def running(store: SqliteStore) -> JobLog:
    """The log of a job that runs."""
    log = JobLog.new(Infer(prompt="x"), USUAL, store, World())
    await log.create()
    log.state(State.RUNNING)
    await log.settled()
    return log


async def write(log: JobLog, count: int) -> None:
    """Write so many events, and wait until they are kept."""
    for n in range(count):
        await log.write(Log(text=f"line {n}"))
        if n % TURN == 0:
            await asyncio.sleep(0)
    await log.settled()


async def ours(folder: Path, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds an event, with several writers at once."""
    store = SqliteStore.open(folder / "jobs.db", World())
    logs = [await running(store) for _ in range(WRITERS)]
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(write(log, count // WRITERS) for log in logs))
    spent = (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count
    await store.close()
    return spent


def plain(path: Path, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds a row, a hundred rows in a transaction."""
    database = apsw.Connection(str(path))
    database.pragma("journal_mode", "wal")
    database.pragma("synchronous", "full")
    database.execute("CREATE TABLE log (job INTEGER, seq INTEGER, at INTEGER, type TEXT, data TEXT, PRIMARY KEY (job, seq))")
    rows = [(1, n, 1_700_000_000_000_000 + n, "log", f'{{"text":"line {n}","level":"info"}}') for n in range(count)]
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, count, ROWS):
        with database:
            database.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?)", rows[start : start + ROWS])
    spent = (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count
    database.close()
    return spent


def figures(folder: Path, *, rounds: int = 5, count: int = 40_000) -> Iterator[Figure]:
    """Both sides in turns."""
    mine, theirs = [], []
    for n in range(rounds):
        (place := folder / f"appends-{n}").mkdir()
        mine.append(asyncio.run(ours(place, count)))
        theirs.append(plain(place / "plain.db", count))
    rate, plain_rate = (1 / median(wall for wall, _ in side) for side in (mine, theirs))
    yield Figure("durable appends, 8 writers", rate, "events/s", 0.15, plain_rate)
    cpu, plain_cpu = (1e6 * median(cpu for _, cpu in side) for side in (mine, theirs))
    yield Figure("CPU of a durable append", cpu, "µs", 1 / 0.15 * 1.5, plain_cpu, most=True)
