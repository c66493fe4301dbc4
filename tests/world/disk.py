"""A disk that takes its time, and what is left on it when the process that wrote to it dies."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobListing, JobRecord, PrunedJob
from queenlib.registry.memory import Memory, MemoryStore
from queenlib.registry.store import NOTHING

T = TypeVar("T")

WRITE_S = (0.0, 0.0, 0.001, 0.004, 0.02)
"""What a write takes until it is kept, and then until it is said so."""
READ_S = (0.0, 0.0, 0.0, 0.001)
"""What a read takes."""


@dataclass
class _Deed:
    """Something to write, and who waits for it."""

    job_id: str
    work: Callable[[], Coroutine[Any, Any, Any]]
    said: asyncio.Future[Any]
    answer: Any = None
    error: Exception | None = None

    def tell(self) -> None:
        """Say what came of it."""
        if self.said.done():
            return
        if self.error is None:
            self.said.set_result(self.answer)
        else:
            self.said.set_exception(self.error)


@dataclass
class Disk:
    """Holds what was kept, whoever comes and goes; and remembers who has written it, for those who judge."""

    chance: random.Random
    memory: Memory = field(default_factory=Memory)
    writers: list[int] = field(default_factory=list)
    """The epochs of those who have written, in the order of their writing."""
    made: dict[str, JobRecord] = field(default_factory=dict)
    """Each job as it was made."""
    removed: dict[str, list[Event]] = field(default_factory=dict)
    """The logs of jobs that were deleted."""

    def log(self, job_id: str) -> list[Event]:
        """A job's log as it is kept, also after it was deleted."""
        kept = self.memory.jobs.get(job_id)
        return self.removed[job_id] if kept is None else kept.events


class DiskStore(MemoryStore):
    """A store on a disk; satisfies `queenlib.registry.store.Store`.

    It writes in the order in which it was told, what has come together in one go. After `crash` it writes and says
    nothing; of what it was about to write a part is kept, in order, or nothing, or all of it.
    """

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.memory)
        self._disk = disk
        self._deeds: list[_Deed] = []
        self._batch: list[_Deed] = []
        self._writing: asyncio.Task[None] | None = None
        self._crashed = False

    def crash(self) -> None:
        """The process dies."""
        self._crashed = True
        pending = [*self._batch, *self._deeds]
        for deed in pending[: self._disk.chance.randint(0, len(pending))]:
            self._keep(deed)

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """See `Store.create`."""
        created: str = await self._write(record.id, lambda: MemoryStore.create(self, record, events, digest, beside))
        return created

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.append`."""
        await self._write(record.id, lambda: MemoryStore.append(self, record, events))

    async def delete(self, job_ids: Sequence[str], *, scrub: bool = False) -> None:
        """See `Store.delete`."""
        await self._write("", lambda: self._remove(job_ids))

    async def get(self, job_id: str) -> JobRecord | None:
        """See `Store.get`."""
        return await self._read(lambda: MemoryStore.get(self, job_id))

    async def find(self, prefix: str) -> Sequence[str]:
        """See `Store.find`."""
        return await self._read(lambda: MemoryStore.find(self, prefix))

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Store.read`."""
        return await self._read(lambda: MemoryStore.read(self, job_id, after, limit))

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        """See `Store.page`."""
        return await self._read(lambda: MemoryStore.page(self, limit, cursor, wanted))

    async def unfinished(self) -> Sequence[JobRecord]:
        """See `Store.unfinished`."""
        return await self._read(lambda: MemoryStore.unfinished(self))

    async def ended(
        self, limit: int, *, before: datetime | None = None, operations: Collection[str] | None = None
    ) -> Sequence[PrunedJob]:
        """See `Store.ended`."""
        return await self._read(lambda: MemoryStore.ended(self, limit, before=before, operations=operations))

    async def close(self) -> None:
        """See `Store.close`."""
        while self._deeds or self._batch:
            await asyncio.sleep(0.001)

    async def _remove(self, job_ids: Sequence[str]) -> None:
        there = {job_id: self._disk.memory.jobs[job_id] for job_id in job_ids if job_id in self._disk.memory.jobs}
        await MemoryStore.delete(self, job_ids)
        self._disk.removed |= {job_id: kept.events for job_id, kept in there.items()}

    async def _read(self, look: Callable[[], Coroutine[Any, Any, T]]) -> T:
        await self._take(READ_S)
        return await look()

    async def _write(self, job_id: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        deed = _Deed(job_id, work, asyncio.get_running_loop().create_future())
        self._deeds.append(deed)
        if self._writing is None and not self._crashed:
            self._writing = asyncio.create_task(self._write_all(), name="disk")
        return await deed.said

    async def _write_all(self) -> None:
        while self._deeds:
            self._batch, self._deeds = self._deeds, []
            await self._take(WRITE_S)
            written, self._batch = self._batch, []
            for deed in written:
                self._keep(deed)
            await self._take(WRITE_S)
            for deed in written:
                deed.tell()
        self._writing = None

    async def _take(self, durations_s: Sequence[float]) -> None:
        """Take a while; for ever, if the process dies meanwhile."""
        await asyncio.sleep(self._disk.chance.choice(durations_s))
        if self._crashed:
            await asyncio.Event().wait()

    def _keep(self, deed: _Deed) -> None:
        created = self._disk.memory.created
        try:
            deed.answer = _at_once(deed.work())
        except Exception as error:  # noqa: BLE001 - it belongs to the one who asked
            deed.error = error
        else:
            self._disk.writers.append(self.epoch)
            if self._disk.memory.created > created:
                self._disk.made[deed.job_id] = self._disk.memory.jobs[deed.job_id].record


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """What work in memory gives, which waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("a store in memory waited")
