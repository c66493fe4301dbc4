"""What keeps jobs: a protocol with one conformance suite, whatever lies below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from queenlib.messages.events import Event
from queenlib.messages.job import JobListing, JobRecord


class Store(Protocol):
    """Keeps each job's record, its log and its result.

    The writer of a job is its one `JobLog`. What `create` and `append` wrote is kept when they return, and only then may
    anybody be shown it. They write all of what they are given or nothing. When one raises, nothing more is written to that
    job's log but one event, its `end`, and that once.
    """

    async def create(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Keep a new job and the first events of its log."""
        ...

    async def append(self, record: JobRecord, events: Sequence[Event]) -> None:
        """Add to a job's log, and keep the record that the whole log folds to: in one step, the result with the `end`.

        Raises:
            Conflict: If the first event does not follow the last that is kept; nothing was written.
        """
        ...

    async def get(self, job_id: str) -> JobRecord | None:
        """The record of a job, with its result; `None` if there is none."""
        ...

    async def find(self, prefix: str) -> Sequence[str]:
        """Up to two ids that begin with `prefix`: enough to tell whether it is unique."""
        ...

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """Up to `limit` events of a job's log with numbers greater than `after`, in order."""
        ...

    async def page(self, limit: int, cursor: str | None) -> JobListing:
        """Up to `limit` records without their results, newest first, from `cursor` on.

        Raises:
            InvalidRequest: `cursor` is none that a page gave.
        """
        ...

    async def close(self) -> None:
        """Write what is left and let go."""
        ...
