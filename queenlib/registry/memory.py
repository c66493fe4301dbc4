"""The store in memory: whole, quick, and gone with its process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobListing, JobRecord, PrunedJob
from queenlib.messages.row import RowData
from queenlib.registry.store import (
    NOTHING,
    answers_in,
    does_not_follow,
    id_taken,
    key_conflict,
    not_ended,
    read_cursor,
    stale,
)


@dataclass
class _Kept:
    record: JobRecord
    events: list[Event]
    digest: str
    number: int
    beside: Mapping[str, Any]

    def size(self) -> int:
        return sum(len(event.line) for event in self.events)


@dataclass
class Memory:
    """What a store in memory keeps. Whoever opens a store on it again finds it as it was."""

    jobs: dict[str, _Kept] = field(default_factory=dict)
    """In the order of their creation."""
    keys: dict[str, str] = field(default_factory=dict)
    created: int = 0
    epoch: int = 0


class MemoryStore:
    """Keeps jobs in this process; satisfies `queenlib.registry.store.Store`.

    Args:
        memory: What it keeps them in; a store that was opened on it before writes nothing more.
    """

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = Memory() if memory is None else memory
        self._memory.epoch += 1
        self.epoch = self._memory.epoch
        """See `Store.epoch`."""

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """See `Store.create`."""
        self._check_epoch()
        kept, key = self._memory, record.terms.key
        if key is not None and (other := kept.keys.get(key)):
            if kept.jobs[other].digest != digest:
                raise key_conflict(key, other)
            return other
        if record.id in kept.jobs:
            raise id_taken(record.id)
        kept.created += 1
        kept.jobs[record.id] = _Kept(record, list(events), digest, kept.created, beside)
        if key is not None:
            kept.keys[key] = record.id
        return record.id

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.append`."""
        self._check_epoch()
        kept = self._memory.jobs.get(record.id)
        if kept is None or kept.record.state.ended or events[0].seq != len(kept.events) + 1:
            raise does_not_follow(record.id, events[0].seq, len(kept.events) if kept else 0)
        kept.record = record
        kept.events.extend(events)

    async def get(self, job_id: str) -> JobRecord | None:
        """See `Store.get`."""
        kept = self._memory.jobs.get(job_id)
        return kept.record if kept else None

    async def beside(self, job_id: str) -> Mapping[str, Any]:
        """See `Store.beside`."""
        kept = self._memory.jobs.get(job_id)
        return kept.beside if kept else NOTHING

    async def answers(self, keys: Collection[str]) -> Mapping[str, RowData]:
        """See `Store.answers`."""
        wanted, found = set(keys), dict[str, RowData]()
        for kept in self._memory.jobs.values():
            found |= {row.data.key: row.data for row in answers_in(kept.events) if row.data.key in wanted}
        return found

    async def find(self, prefix: str) -> Sequence[str]:
        """See `Store.find`."""
        return list(islice((each for each in self._memory.jobs if each.startswith(prefix)), 2))

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Store.read`."""
        kept = self._memory.jobs.get(job_id)
        return kept.events[after : after + limit] if kept else []

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        """See `Store.page`; the cursor is the number of the oldest job on the page before."""
        before = read_cursor(cursor)
        older = (kept for kept in reversed(self._memory.jobs.values()) if before is None or kept.number < before)
        found = list(islice((kept for kept in older if wanted.admits(kept.record)), limit + 1))
        jobs = tuple(kept.record.model_copy(update={"result": None}) for kept in found[:limit])
        return JobListing(jobs=jobs, next=str(found[limit - 1].number) if len(found) > limit else None)

    async def unfinished(self) -> Sequence[JobRecord]:
        """See `Store.unfinished`."""
        return [kept.record for kept in self._memory.jobs.values() if not kept.record.state.ended]

    async def ended(
        self, limit: int, *, before: datetime | None = None, operations: Collection[str] | None = None
    ) -> Sequence[PrunedJob]:
        """See `Store.ended`."""
        found = [
            PrunedJob(id=kept.record.id, operation=kept.record.operation, ended_at=at, size=kept.size())
            for kept in self._memory.jobs.values()
            if (at := kept.record.ended_at) is not None
            and (before is None or at <= before)
            and (operations is None or kept.record.operation in operations)
        ]
        return sorted(found, key=lambda job: job.ended_at)[:limit]

    async def size(self) -> int:
        """See `Store.size`."""
        return sum(kept.size() for kept in self._memory.jobs.values())

    async def delete(self, job_ids: Sequence[str], *, scrub: bool = False) -> None:
        """See `Store.delete`."""
        self._check_epoch()
        there = [self._memory.jobs[job_id] for job_id in dict.fromkeys(job_ids) if job_id in self._memory.jobs]
        for kept in there:
            if not kept.record.state.ended:
                raise not_ended(kept.record.id)
        for kept in there:
            del self._memory.jobs[kept.record.id]
            if kept.record.terms.key is not None:
                del self._memory.keys[kept.record.terms.key]

    async def close(self) -> None:
        """See `Store.close`."""

    def _check_epoch(self) -> None:
        if self._memory.epoch != self.epoch:
            raise stale(self.epoch, self._memory.epoch)
