"""The life that is cut off: a seeded story of jobs that are created, watched, cancelled and deleted, on a recorded disk."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

from queenlib.errors import KeyConflict, UnknownJob, UnknownModel, WorkerDied
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.events import EndEvent, Log, Metrics, Progress, Token, Waiting, Working, Yielded
from queenlib.messages.infer import Infer
from queenlib.messages.job import Terms
from queenlib.messages.model import ModelDelete
from queenlib.registry.registry import Registry
from queenlib.registry.run import Work
from queenlib.registry.sqlite.opening import open_database
from queenlib.registry.sqlite.store import Durability
from queenlib.world import World
from tests.power.diary import Diary, Keyed, WitnessStore
from tests.power.disk import Disk, Recording

STEPS = (24, 40)
"""Steps of a job's work: at least and at most."""
PIECES = 12
"""Pieces of an answer in one go, at most."""
TALK = (60, 100)
"""So often, at least and at most, pieces come from a job that talks."""
WAL_PAGES = (8, 25, 120)
"""Pages after which the `-wal` is brought into the database, one of them: often."""
FATES: Mapping[str, Sequence[str]] = {
    "answers": ("", "", "cancel"),
    "removes": ("", "delete"),
    "fails": ("delete",),
    "breaks": ("", "cancel", "delete"),
    "forever": ("", "cancel", "cancel"),
    "on stream": ("cancel",),
}
"""What jobs there are, and what is done to each: one of each kind, then any, all at once. Last comes one that talks."""
JOBS = 9
"""Jobs that there are at once."""
WORDS = ("queen ", "hive ", "bee", "naïve ", "🐝 ", "\n", "a longer piece of an answer ", "")
"""Pieces of answers."""
NOWHERE = "nowhere"
"""The hive of all jobs: there is none of that name, so that they fail at once where a queen takes them on again."""


@dataclass(frozen=True)
class Life:
    """A life that was lived on a recorded disk, to its end."""

    recording: Recording
    diary: Diary
    durability: Durability
    end: int
    """The moment when all had been said; in half of the lives the queen is closed before."""


def live(seed: int, folder: Path, durability: Durability, deaf_to: tuple[str, ...] = ()) -> Life:
    """Live it in an empty folder; in half of them, the queen is closed once and another comes."""
    chance, path = random.Random(seed), folder / "jobs.db"
    with Disk(path, deaf_to) as disk:
        diary, end = Diary(disk.moment), 0
        for _ in range(chance.choice((1, 2))):
            end = asyncio.run(_reign(chance, path, disk, diary, durability))
    closed = len(disk.recording.acts)
    return Life(disk.recording, diary, durability, chance.choice((end, closed)))


def open_recorded(path: Path, disk: Disk, diary: Diary, durability: Durability, wal_pages: int) -> WitnessStore:
    """Open a store on a recorded disk."""
    world = World()
    opened = open_database(path, world, disk.name)
    store = WitnessStore(opened, world, durability, disk.name, wal_pages=wal_pages)
    store.diary = diary
    return store


async def _reign(chance: random.Random, path: Path, disk: Disk, diary: Diary, durability: Durability) -> int:
    """One queen's part of a life; the moment before she is closed."""
    store = open_recorded(path, disk, diary, durability, chance.choice(WAL_PAGES))
    story = _Story(chance, Registry(store, World()), diary)
    async with asyncio.timeout(60):
        await story.tell()
        end = disk.moment()
        await story.close()
    return end


class _Story:
    """One queen's part of a life."""

    def __init__(self, chance: random.Random, registry: Registry, diary: Diary) -> None:
        self._chance, self._registry, self._diary = chance, registry, diary
        self._deeds: list[asyncio.Task[None]] = []

    async def tell(self) -> None:
        """Create the jobs, and do to each what comes to mind."""
        extra = self._chance.choices(list(FATES), k=JOBS - len(FATES))
        for n, kind in enumerate([*FATES, *extra]):
            self._deeds.append(asyncio.create_task(self._job(kind, keyed=n % 3 == 0), name=f"story of {kind}"))
            await asyncio.sleep(self._chance.choice((0, 0.001, 0.003)))
        finite = [deed for deed in self._deeds if "forever" not in deed.get_name()]
        await asyncio.gather(*finite)
        await self._job("talks", keyed=False)

    async def close(self) -> None:
        """Close the registry, and see that every job has its end."""
        await self._registry.close()
        await asyncio.gather(*self._deeds)

    async def _job(self, kind: str, *, keyed: bool) -> None:
        """Create one, and see what comes of it."""
        operation, terms = self._asked(kind, keyed=keyed)
        work = None if kind == "on stream" else _work(kind, self._chance.getrandbits(32))
        job_id = await self._registry.create(operation, work, terms)
        self._diary.told("create", job_id, self._diary.first[job_id].last_seq)
        if terms.key is not None:
            self._diary.keyed.append(Keyed(self._diary.moment(), job_id, operation, terms))
            await self._again(job_id, operation, terms)
        watches = [asyncio.create_task(self._watch(job_id)) for _ in range(1 + (kind == "answers"))]
        fate = self._chance.choice(FATES.get(kind, ("",)))
        await asyncio.sleep(self._chance.choice((0, 0.02, 0.05)))
        if fate == "cancel":
            await self._cancel(job_id)
        await asyncio.gather(*watches)
        if fate == "delete":
            await self._delete(job_id)

    def _asked(self, kind: str, *, keyed: bool) -> tuple[Operation, Terms]:
        key = f"key-{self._chance.getrandbits(40):x}" if keyed else None
        if kind in {"removes", "on stream"}:
            operation: Operation = ModelDelete(model="m", hive_id=NOWHERE)
        else:
            operation = Infer(prompt=f"{kind}? " + "why " * self._chance.randrange(400), hive_id=NOWHERE)
        return operation, Terms(key=key, retry=int(kind == "breaks"), start="on_stream" if kind == "on stream" else "now")

    async def _again(self, job_id: str, operation: Operation, terms: Terms) -> None:
        """Who sends the same key again gets the same job, or is told that it is another's."""
        assert await self._registry.create(operation, None, terms) == job_id
        with suppress(KeyConflict):
            raise AssertionError(await self._registry.create(ModelDelete(model="other"), None, terms))

    async def _watch(self, job_id: str) -> None:
        with suppress(UnknownJob):  # it was deleted under its reader
            async with aclosing(await self._registry.follow(job_id, 0)) as events:
                async for event in events:
                    self._diary.saw(event)
                    if isinstance(event, EndEvent):
                        self._diary.told("end", job_id, event.seq)

    async def _cancel(self, job_id: str) -> None:
        record = await self._registry.cancel(job_id)
        assert record.state.ended
        self._diary.told("cancel", job_id, record.last_seq)

    async def _delete(self, job_id: str) -> None:
        self._diary.deleting[job_id] = self._diary.moment()
        await self._registry.delete(job_id)
        self._diary.deleted[job_id] = self._diary.moment()


def _work(kind: str, seed: int) -> Work:
    """Work of a kind; each time that it is begun it goes differently."""
    chance, begun = random.Random(seed), list[int]()

    async def work() -> AsyncGenerator[Yielded]:
        begun.append(len(begun))
        for _ in range(chance.randint(*TALK) if kind == "talks" else 0):
            for piece in _pieces(chance):
                yield piece
            await asyncio.sleep(0.0005)
        for n in range(chance.randint(*STEPS) if kind != "talks" else 0):
            for item in _step(chance, n):
                yield item
                await asyncio.sleep(0)
            await asyncio.sleep(chance.choice((0, 0, 0.001)))
        if kind == "fails":
            raise UnknownModel("No model.")
        if kind == "breaks" and len(begun) == 1:
            raise WorkerDied("The worker died.")
        if kind == "forever":
            await asyncio.Event().wait()
        yield Deleted(kind="model", id="m" * chance.randrange(1, 3000))

    return work


def _step(chance: random.Random, n: int) -> Sequence[Log | Progress | Metrics | Token | Waiting | Working]:
    others: Sequence[Sequence[Log | Progress | Metrics | Waiting | Working]] = (
        [Log(text=f"line {n} " + "x" * chance.randrange(200))],
        [Progress(what="steps", done=n, total=None, unit="steps")],
        [Metrics(values={"tokens_per_s": chance.random()})],
        [Waiting(reason=f"slot {n}"), Working()],
    )
    return _pieces(chance) if chance.random() < 0.6 else chance.choice(others)


def _pieces(chance: random.Random) -> Sequence[Token]:
    return [Token(text=chance.choice(WORDS), dt_ms=chance.random() * 90) for _ in range(chance.randint(1, PIECES))]
