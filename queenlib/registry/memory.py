"""The store in memory: whole, quick, and gone with its process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.events import Event
from queenlib.messages.job import JobListing, JobRecord


@dataclass
class _Kept:
    record: JobRecord
    events: list[Event]


class MemoryStore:
    """Keeps jobs in this process; satisfies `queenlib.registry.store.Store`."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Kept] = {}  # in the order of their creation

    async def create(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.create`."""
        if record.id in self._jobs:
            raise Conflict(f"{record.id} exists already.", state="Nothing was written.", next="Use another id.")
        self._jobs[record.id] = _Kept(record, list(events))

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """See `Store.append`."""
        kept = self._jobs[record.id]
        if events[0].seq != len(kept.events) + 1:
            raise Conflict(
                f"Event {events[0].seq} of {record.id} does not follow event {len(kept.events)}.",
                why="Somebody else has written to its log.",
                state="Nothing was written.",
            )
        kept.record = record
        kept.events.extend(events)

    async def get(self, job_id: str) -> JobRecord | None:
        """See `Store.get`."""
        kept = self._jobs.get(job_id)
        return kept.record if kept else None

    async def find(self, prefix: str) -> Sequence[str]:
        """See `Store.find`."""
        return list(islice((each for each in self._jobs if each.startswith(prefix)), 2))

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Store.read`."""
        return self._jobs[job_id].events[after : after + limit]

    async def page(self, limit: int, cursor: str | None) -> JobListing:
        """See `Store.page`; the cursor is the number of jobs that are older."""
        older = len(self._jobs)
        if cursor is not None:
            if not re.fullmatch(r"[0-9]{1,18}", cursor):
                raise InvalidRequest(
                    f"{cursor[:80]!r} is no cursor.",
                    state="Nothing was read.",
                    next="Take the cursor of the page before: listing.next",
                )
            older = min(older, int(cursor))
        start = max(0, older - limit)
        found = islice(self._jobs.values(), start, older)
        jobs = tuple(kept.record.model_copy(update={"result": None}) for kept in found)
        return JobListing(jobs=jobs[::-1], next=str(start) if start else None)

    async def close(self) -> None:
        """See `Store.close`."""
