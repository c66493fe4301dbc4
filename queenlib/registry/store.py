"""What keeps jobs: a protocol with one conformance suite, whatever lies below."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from queenlib.errors import Conflict, InvalidRequest, KeyConflict, StaleEpoch
from queenlib.messages.base import Operation
from queenlib.messages.events import Event, RowEvent
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import JobListing, JobRecord, PrunedJob, Terms
from queenlib.messages.row import RowData

CURSOR_DIGITS = 18
"""A cursor has no more."""
NOTHING: Mapping[str, Any] = {}
_FIRST_TERMS = {"start", "key", "retry"}
"""Terms that were there from the start; a later one that says nothing leaves a digest as it was."""


class Store(Protocol):
    """Keeps each job's record, its log and its result.

    The writer of a job is its one `JobLog`. What `create` and `append` wrote is kept when they have been awaited, and only
    then may anybody be shown it. They write all of what they are given or nothing. When one raises, nothing more is written
    to that job's log but one event, its `end`, and that once.
    """

    @property
    def epoch(self) -> int:
        """How often what it keeps has been opened, this time included. A store of an older epoch writes nothing."""
        ...

    async def create(
        self, record: JobRecord, events: Sequence[Event], digest: str, beside: Mapping[str, Any] = NOTHING
    ) -> str:
        """Keep a new job and the first events of its log, unless a job with its key is kept already.

        Args:
            record: The job that they fold to.
            events: The first events of its log.
            digest: That of its payload; see `payload_digest`.
            beside: What of its request the record has not, as plain data; see `Operation.beside`.

        Returns:
            The id of the job that is kept: its own, or that of the one that has its key, created with an equal payload.

        Raises:
            KeyConflict: A job with its key was created with another payload; nothing was written.
            Conflict: Its id is taken; nothing was written.
            StaleEpoch: Here and in the other verbs that write: a newer store has been opened; nothing was written.
        """
        ...

    def append(self, record: JobRecord, events: Sequence[Event]) -> Awaitable[None]:
        """Add to a job's log, and keep the record that the whole log folds to: in one step, the result with the `end`.

        It may be under way as soon as this returns, and is kept when what this returns has been awaited.

        Raises:
            Conflict: If the first event does not follow the last that is kept; nothing was written.
        """
        ...

    async def get(self, job_id: str) -> JobRecord | None:
        """The record of a job, with its result; `None` if there is none."""
        ...

    async def beside(self, job_id: str) -> Mapping[str, Any]:
        """What of a job's request is kept beside its record; nothing of one that is not there."""
        ...

    async def answers(self, keys: Collection[str]) -> Mapping[str, RowData]:
        """Of these keys of rows, those that a job has an answer to, with the newest one of each."""
        ...

    async def find(self, prefix: str) -> Sequence[str]:
        """Up to two ids that begin with `prefix`: enough to tell whether it is unique."""
        ...

    async def read(self, job_id: str, after: int, limit: int) -> Sequence[Event]:
        """Up to `limit` events of a log with numbers greater than `after`, in order; none of one that is not there."""
        ...

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        """Up to `limit` records without their results, newest first, from `cursor` on, of the jobs that are wanted.

        Pages that follow each other have each job once that was there all the time, whatever comes and goes meanwhile.

        Raises:
            InvalidRequest: `cursor` is none that a page gave.
        """
        ...

    async def unfinished(self) -> Sequence[JobRecord]:
        """The jobs that have not ended, oldest first."""
        ...

    async def ended(
        self, limit: int, *, before: datetime | None = None, operations: Collection[str] | None = None
    ) -> Sequence[PrunedJob]:
        """Up to `limit` jobs that have ended, those that ended first before the others, and what each takes.

        Args:
            limit: How many.
            before: Only those that had ended by then.
            operations: Only those of these operations, by their names on the wire.
        """
        ...

    async def size(self) -> int:
        """What all jobs take together, in bytes."""
        ...

    async def delete(self, job_ids: Sequence[str], *, scrub: bool = False) -> None:
        """Remove jobs that have ended with all that is kept of them; those that are not there are left out.

        Args:
            job_ids: Which.
            scrub: Return only when no byte of them is left in any file of the store.

        Raises:
            Conflict: One of them has not ended; none was removed.
        """
        ...

    async def close(self) -> None:
        """Write what is left and let go."""
        ...


def payload_digest(operation: Operation, terms: Terms) -> str:
    """What tells two payloads under one key apart: a SHA-256 over the operation and the terms, in hexadecimal."""
    agreed = {name: value for name, value in terms.wire().items() if name in _FIRST_TERMS or value}
    said = {"operation": operation.wire(), "terms": agreed}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def key_conflict(key: str, job_id: str) -> KeyConflict:
    """The error for a key that stands for something else."""
    return KeyConflict(
        f"The key {key!r} is that of {job_id}, which was created with another payload.",
        why="A key names one job: whoever sends it again gets that job, and has to mean it.",
        state="No job was made, and that one was not touched.",
        next=f"Take another key, or look at that job: jobs.attach({job_id!r})",
        key=key,
        other_id=job_id,
    )


def id_taken(job_id: str) -> Conflict:
    """The error for a second job of one id."""
    return Conflict(f"{job_id} exists already.", state="Nothing was written.", next="Use another id.")


def does_not_follow(job_id: str, seq: int, last_seq: int) -> Conflict:
    """The error for an event that is not the next of its log."""
    return Conflict(
        f"Event {seq} of {job_id} does not follow event {last_seq}.",
        why="Somebody else has written to its log, or removed it.",
        state="Nothing was written.",
    )


def not_ended(job_id: str) -> Conflict:
    """The error for removing a job that is at work."""
    return Conflict(f"{job_id} has not ended.", state="Nothing was removed.", next=f"Cancel it: jobs.cancel({job_id!r})")


def answers_in(events: Iterable[Event]) -> Iterator[RowEvent]:
    """The rows among these events whose answers may be given to others: made for this job, and whole."""
    for event in events:
        if isinstance(event, RowEvent) and event.data.key and not event.data.error and not event.data.cached:
            yield event


def read_cursor(cursor: str | None) -> int | None:
    """The number that a cursor is.

    Raises:
        InvalidRequest: It is none that a page gave.
    """
    if cursor is None:
        return None
    if cursor.isascii() and cursor.isdigit() and len(cursor) <= CURSOR_DIGITS:
        return int(cursor)
    raise InvalidRequest(
        f"{cursor[:80]!r} is no cursor.",
        state="Nothing was read.",
        next="Take the cursor of the page before: listing.next",
    )


def stale(epoch: int, newest: int) -> StaleEpoch:
    """The error of a queen after which another has opened the same store."""
    return StaleEpoch(
        f"This queen is number {epoch} on its store, and number {newest} has opened it since.",
        why="Only the newest may write.",
        state="Nothing was written.",
        next="Close this one: queen.close(); the newer one knows all jobs.",
        epoch=epoch,
        newest=newest,
    )
