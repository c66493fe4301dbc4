"""Whether creating and appending are as quick with a long history as with none."""

from __future__ import annotations

import asyncio
import gc
import time
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.log.appends import running, write
from benchmarks.log.figures import Figure
from queenlib.messages.base import Deleted
from queenlib.messages.events import EndData, EndEvent, Event, ResultData, ResultEvent, StateData, StateEvent
from queenlib.messages.job import USUAL
from queenlib.messages.model import ModelDelete
from queenlib.messages.state import State
from queenlib.registry.fold import begin, fold
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.chunk import extend
from queenlib.registry.sqlite.frames import microseconds
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.rows import head_crc, head_of, ids_crc, json_of
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.world import World

OPERATION = ModelDelete(model="m")
WORLD = World()
RESULT = Deleted(kind="model", id="m").wire()


def fill(path: Path, jobs: int) -> None:
    """A store of so many jobs that have ended."""
    world = WORLD
    opened = open_database(path, world)
    database = opened.connection
    for start in range(0, jobs, 10_000):
        with database:
            for number in range(start + 1, min(start + 10_000, jobs) + 1):
                job_id, at = world.new_id("job"), world.now()
                record = begin(OPERATION, StateEvent(job_id=job_id, seq=1, at=at, data=StateData(state=State.QUEUED)))
                events: list[Event] = [
                    StateEvent(job_id=job_id, seq=1, at=at, data=StateData(state=State.QUEUED)),
                    StateEvent(job_id=job_id, seq=2, at=at, data=StateData(state=State.RUNNING)),
                    ResultEvent(job_id=job_id, seq=3, at=at, data=ResultData(result=RESULT)),
                    EndEvent(job_id=job_id, seq=4, at=at, data=EndData(state=State.SUCCEEDED)),
                ]
                for event in events[1:]:
                    record = fold(record, event)
                head, ended = head_of(record), microseconds(at)
                crc = head_crc(job_id, ended, head)
                row = (number, job_id, None, "", record.operation, ended, head, crc)
                database.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                for table, body in (("requests", json_of(record.request)), ("results", json_of(RESULT))):
                    database.execute(
                        f"INSERT INTO {table} VALUES (?, ?, ?)", (number, body, ids_crc(number, zlib.crc32(body)))
                    )
                database.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", extend(None, number, events)[0].row())
    opened.close()


async def creates(store: SqliteStore, count: int) -> float:
    """Seconds to create a job, many at once."""
    logs = [JobLog.new(OPERATION, USUAL, store, WORLD) for _ in range(count)]
    began = time.perf_counter()
    for start in range(0, count, 64):
        await asyncio.gather(*(log.create() for log in logs[start : start + 64]))
    return (time.perf_counter() - began) / count


async def appends(log: JobLog, count: int) -> float:
    """Seconds to append an event."""
    began = time.perf_counter()
    await write(log, count)
    return (time.perf_counter() - began) / count


async def lengthened(log: JobLog, events: int) -> None:
    """The log of a job, so long."""
    while log.record.last_seq < events:
        await write(log, min(4_000, events - log.record.last_seq))


def figures(folder: Path, *, old: int = 1_000_000, rounds: int = 21, count: int = 2_000) -> Iterator[Figure]:
    """A store with many old jobs beside an empty one, and a long log beside a short one, in turns."""
    for name in ("empty", "old"):
        (folder / name).mkdir()
    fill(folder / "old" / "jobs.db", old)
    yield from asyncio.run(_figures(folder, old, rounds, count))


async def _figures(folder: Path, old: int, rounds: int, count: int) -> list[Figure]:
    new_store, old_store = (SqliteStore.open(folder / name / "jobs.db", World()) for name in ("empty", "old"))
    short, long, in_old = await running(new_store), await running(new_store), await running(old_store)
    await lengthened(long, old)
    spent: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, measured in {
            "create, empty": partial(creates, new_store, count),
            "create, old": partial(creates, old_store, count),
            "append, short": partial(appends, short, count * 4),
            "append, long": partial(appends, long, count * 4),
            "append, old": partial(appends, in_old, count * 4),
        }.items():
            gc.collect()  # what one side leaves is not tidied up in the time of another
            spent.setdefault(name, []).append(await measured())
    for store in (new_store, old_store):
        await store.close()
    rate = {name: 1 / median(times) for name, times in spent.items()}
    return [
        Figure(f"creates with {old:,} old jobs", rate["create, old"], "jobs/s", 0.8, rate["create, empty"]),
        Figure(f"appends with {old:,} old jobs", rate["append, old"], "events/s", 0.8, rate["append, short"]),
        Figure(f"appends to a job of {old:,} events", rate["append, long"], "events/s", 0.8, rate["append, short"]),
    ]
