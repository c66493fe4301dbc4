"""Stores with something in them, what was seen of it, and whether what is read later is that and nothing else."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from queenlib.errors import StoreUnusable
from queenlib.messages.events import EndData, EndEvent, Event, Log, Metrics, Progress, Token, Waiting, Working
from queenlib.messages.infer import Infer
from queenlib.messages.job import JobRecord, Terms
from queenlib.messages.state import State
from queenlib.registry.fold import fold
from queenlib.registry.log import JobLog
from queenlib.registry.sqlite.store import SqliteStore
from queenlib.registry.store import Store
from queenlib.world import World

FILES = ("jobs.db", "jobs.db-wal", "jobs.db-shm", "jobs.mark")
ALL = 10**6


def seeded(seed: int) -> World:
    """A world whose ids are the same each time."""
    return World(random.Random(seed))


def text(chance: random.Random, length: int) -> str:
    """Some text of so many characters, not all of them ASCII."""
    return "".join(chance.choices("abcdefghij klmnopqr stuvwxyz.,\n✓é🐝", k=length))


async def a_job(store: Store, world: World, *, ended: bool = True, length: int = 30, key: str | None = None) -> str:
    """One job with a log of everything that there is, some of it longer than a page of the database."""
    chance = random.Random(world.random.getrandbits(32))
    operation = Infer(prompt=text(chance, chance.choice([10, 300, 9_000])), model="m")
    log = JobLog.new(operation, Terms(key=key), store, world)
    await log.create()
    log.state(State.RUNNING)
    for number in range(length):
        if chance.random() < 0.3:
            await log.settled()
        for body in _some(chance, number):
            await log.write(body)
    await log.settled()
    if ended:
        await log.end(EndData(state=State.SUCCEEDED), {"text": text(chance, chance.choice([20, 6_000]))})
    return log.record.id


def _some(chance: random.Random, number: int) -> Sequence[Token | Log | Progress | Metrics | Waiting | Working]:
    match chance.randrange(8):
        case 0:
            return [Log(text=text(chance, chance.choice([8, 80, 3_000])))]
        case 1:
            return [Progress(what="work", done=number, total=100, unit="steps")]
        case 2:
            return [Metrics(values={"rate": chance.random()})]
        case 3:
            return [Waiting(reason="a slot"), Working()]
    return [Token(text=text(chance, 4), dt_ms=chance.random() * 20) for _ in range(chance.randrange(1, 6))]


async def some_jobs(store: Store, world: World, count: int = 8, *, unfinished: int = 2, length: int = 30) -> list[str]:
    """Several jobs, all written at once; the last of them have not ended."""
    ends = [True] * (count - unfinished) + [False] * unfinished
    return list(await asyncio.gather(*(a_job(store, world, ended=end, length=length) for end in ends)))


@dataclass(frozen=True)
class Seen:
    """What was seen of a store, to the byte."""

    records: Mapping[str, JobRecord] = field(default_factory=dict)
    logs: Mapping[str, list[bytes]] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """All of them."""
        return sum(map(len, self.logs.values()))


def lines(events: Sequence[Event]) -> list[bytes]:
    """Events, to the byte."""
    return [event.model_dump_json().encode() for event in events]


async def seen(store: Store) -> Seen:
    """All that a store shows."""
    records, logs = dict[str, JobRecord](), dict[str, list[bytes]]()
    for listed in (await store.page(1000, None)).jobs:
        record = await store.get(listed.id)
        assert record is not None
        records[listed.id] = record
        logs[listed.id] = lines(await store.read(listed.id, 0, ALL))
        assert len(logs[listed.id]) == record.last_seq
    return Seen(records, logs)


async def compare(store: Store, known: Seen) -> list[StoreUnusable]:
    """Read everything in every way: each answer is exactly what was seen, or says that the store is damaged."""
    told: list[StoreUnusable] = []
    for job_id, log in known.logs.items():
        try:
            assert await store.get(job_id) == known.records[job_id]
        except StoreUnusable as error:
            told.append(error)
        for after, limit in ((0, ALL), (len(log) // 2, 3), (max(0, len(log) - 1), 5)):
            try:
                assert lines(await store.read(job_id, after, limit)) == log[after : after + limit], (job_id, after)
            except StoreUnusable as error:
                told.append(error)
        try:
            assert list(await store.find(job_id)) == [job_id]
        except StoreUnusable as error:
            told.append(error)
    told += await _compare_lists(store, known)
    return told


async def _compare_lists(store: Store, known: Seen) -> list[StoreUnusable]:
    told: list[StoreUnusable] = []
    whole = {job_id: record.model_copy(update={"result": None}) for job_id, record in known.records.items()}
    try:
        assert {job.id: job for job in (await store.page(1000, None)).jobs} == whole
    except StoreUnusable as error:
        told.append(error)
    try:
        unfinished = [record.id for record in await store.unfinished()]
        assert unfinished == [job_id for job_id in list(known.records)[::-1] if not known.records[job_id].state.ended]
    except StoreUnusable as error:
        told.append(error)
    try:
        ended = {job.id: job.ended_at for job in await store.ended(ALL)}
        assert ended == {job_id: record.ended_at for job_id, record in known.records.items() if record.ended_at}
    except StoreUnusable as error:
        told.append(error)
    return told


async def reopened(path: Path, known: Seen, **how: str) -> SqliteStore:
    """The store at `path`, opened again: it has all that was seen, and its pages make a database."""
    store = SqliteStore.open(path, World(), **how)  # type: ignore[arg-type]
    assert await compare(store, known) == []
    return store


def copied(folder: Path, to: Path) -> Path:
    """A copy of a store's files as they are now, in a new folder; gives the path of its database."""
    to.mkdir()
    for name in FILES:
        if (folder / name).exists():
            shutil.copyfile(folder / name, to / name)
    return to / "jobs.db"


def files_of(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for what is made anew each time: the lock, the room held back, and the shared memory."""
    made_anew = (".lock", ".reserve", "-shm")
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.endswith(made_anew)]
    return {path.name: path.read_bytes() for path in files}


def check_log(record: JobRecord, first: JobRecord, events: Sequence[Event]) -> None:
    """Dense numbers, one end and it is last, and the record is the fold of the log."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event for event in events if isinstance(event, EndEvent)] == [events[-1]]
    folded = first
    for event in events[1:]:
        folded = fold(folded, event)
    assert folded == record
