"""The seam between the API and a queen: the router has these verbs, and so has the remote client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from queenlib.messages.base import Deleted, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import Change, Watch
from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, JobFilter
from queenlib.messages.job import USUAL, CreatedJob, JobListing, JobRecord, Pruned, QueenInfo, Terms
from queenlib.messages.job import Start as Start  # the clients ask for it here
from queenlib.messages.place import Place
from queenlib.messages.snapshot import Snapshot


class Backend(Protocol):
    """A queen, near or far. Every error is a `queenlib.errors.QueenError`, of the same class near and far."""

    async def create_job(self, payload: Operation | Mapping[str, Any], *, terms: Terms = USUAL) -> CreatedJob:
        """Create a job, once. When it returns, the job is in the store. With a key that a job has, it is that job.

        Raises:
            InvalidOperation: The payload is not an operation; no job was made.
            KeyConflict: A job with this key was created with another payload.
            QueueFull: There is no room for another job; none was made.
            StoreFailed: The store could not keep it; none was made.
        """
        ...

    async def execute_job(
        self, job_id: str, after: int = 0, epoch: int | None = None, *, every_s: float = 0.0
    ) -> AsyncIterator[Event]:
        """The job's events after number `after`, up to and including its end; starts the job if it has not started.

        Leaving the iterator never cancels the job.

        Args:
            job_id: The job.
            after: The number of the last event that the reader has.
            epoch: The job's epoch when the reader got it, if it knows.
            every_s: What comes within so many seconds, 1 at most, may come together, and pieces of an answer joined; the
                first event and the end come at once. A queen far away costs less that way.

        Raises:
            UnknownJob: There is no such job.
            InvalidRequest: `after` is below 0.
            StreamBeyondEnd: `after` is past the last event.
            StreamReset: A power loss has taken back events that the reader has.
            StoreFailed: While it is followed: what comes next could not be kept.
        """
        ...

    async def execute_jobs(self, places: Sequence[Place]) -> AsyncIterator[Event]:
        """The events of several jobs, each from its place on, up to the end of each; starts those that have not started.

        The events of one job come in order; those of several come as they are there.

        Args:
            places: 1 to 256, each with the job, the last event that the reader has, and the job's epoch then, if it knows.

        Raises:
            InvalidRequest: There are none, too many, or one twice.
            QueenError: As for `execute_job`.
        """
        ...

    async def get_job(self, job_id: str) -> JobRecord:
        """The job as it is now, with its result if it has one. A unique prefix of the id will do.

        Raises:
            UnknownJob: There is no such job, or several begin like that.
        """
        ...

    async def snapshot_job(self, job_id: str) -> Snapshot:
        """The job so far, folded from its log; who follows it from there misses nothing. A unique prefix will do.

        Raises:
            UnknownJob: There is no such job, or several begin like that.
        """
        ...

    async def list_jobs(self, *, limit: int = 100, cursor: str | None = None, wanted: JobFilter = ALL) -> JobListing:
        """A page of 1 to 1,000 of the jobs that are wanted, newest first.

        Raises:
            InvalidRequest: `limit` or `cursor` is none.
        """
        ...

    async def watch(self, watch: Watch, after: str = "") -> AsyncIterator[Change[Any]]:
        """The list of what is watched, then its changes, without end: to who is slow fewer, and each time the newest.

        Args:
            watch: What is watched.
            after: The revision that the reader has; one that is not known, or too old, means the whole list again.

        Raises:
            UnknownHive: There is no hive of that id.
        """
        ...

    async def cancel_job(self, job_id: str) -> JobRecord:
        """Cancel the job and return when it has ended; one that has ended is returned as it is.

        Raises:
            UnknownJob: There is no such job.
            StoreFailed: Its work has ended, and its end could not be kept.
        """
        ...

    async def cancel_jobs(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """Cancel those of the wanted jobs that have not ended; one that takes long to end is answered as `cancelling`.

        Raises:
            InvalidRequest: Nothing is said of which, and not that `everything` is meant; or both.
        """
        ...

    async def delete_job(self, job_id: str) -> Deleted:
        """Remove a job that has ended, with its log and its result, for good.

        Raises:
            UnknownJob: There is no such job.
            InUse: It has not ended.
        """
        ...

    async def prune_jobs(self, *, age_s: float | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
        """Remove jobs that ended longer ago than `age_s` seconds, and the oldest until `size` bytes are left.

        Raises:
            InvalidRequest: Neither is given, or one is negative.
        """
        ...

    async def info(self) -> QueenInfo:
        """Who answers."""
        ...

    async def close(self) -> None:
        """Let go; a queen in this process is closed."""
        ...
