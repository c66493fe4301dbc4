"""The short form, on the default queen: `from queenlib import jobs`; `job = await jobs.create(op)`.

Each function is that of `queenlib.client.jobs.Jobs`; the default queen is made when one is first called.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from queenlib.client.backend import Start
from queenlib.client.default import default_queen
from queenlib.client.feed import Feed
from queenlib.client.job import Job
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import Change
from queenlib.messages.events import Event
from queenlib.messages.filter import Filters
from queenlib.messages.job import JobListing, JobRecord, Pruned

if TYPE_CHECKING:
    import pandas as pd


async def create(
    operation: Operation | Mapping[str, Any],
    *,
    start: Start = "now",
    key: str | None = None,
    retry: int = 0,
    tags: Iterable[str] | str = (),
    timeout: float | None = None,
) -> Job[Any]:
    """Create a job from an operation or its plain dict; see `Jobs.create`."""
    return await default_queen().jobs.create(operation, start=start, key=key, retry=retry, tags=tags, timeout=timeout)


@overload
def stream(job_id: str, after: int = 0, *, lines: Literal[False] = False) -> AsyncGenerator[Event]: ...
@overload
def stream(job_id: str, after: int = 0, *, lines: Literal[True]) -> AsyncGenerator[str]: ...
def stream(job_id: str, after: int = 0, *, lines: bool = False) -> AsyncGenerator[Any]:
    """A job's events, or with `lines=True` its lines of text, up to its end; see `Jobs.stream`."""
    found = default_queen().jobs
    return found.stream(job_id, after, lines=True) if lines else found.stream(job_id, after)


def follow(jobs: Mapping[str, int] | Iterable[str]) -> AsyncGenerator[Event]:
    """The events of several jobs on one line; see `Jobs.follow`."""
    return default_queen().jobs.follow(jobs)


def attach(job_id: str) -> Job[Any]:
    """A handle on a job that exists; see `Jobs.attach`."""
    return default_queen().jobs.attach(job_id)


async def get(job_id: str) -> JobRecord:
    """The job as it is now; see `Jobs.get`."""
    return await default_queen().jobs.get(job_id)


async def result(job_id: str, timeout: float | None = None) -> Any:
    """A job's typed result; see `Jobs.result`."""
    return await default_queen().jobs.result(job_id, timeout)


async def cancel(job_id: str) -> JobRecord:
    """Cancel a job; see `Jobs.cancel`."""
    return await default_queen().jobs.cancel(job_id)


async def rerun(job_id: str, *, key: str | None = None) -> Job[Any]:
    """Run a job again, whether it has ended or not; see `Job.rerun`."""
    return await default_queen().jobs.rerun(job_id, key=key)


async def cancel_all(*, everything: bool = False, **wanted: Unpack[Filters]) -> Cancelled:
    """Cancel the jobs that a filter chooses; see `Jobs.cancel_all`."""
    return await default_queen().jobs.cancel_all(everything=everything, **wanted)


async def delete(job_id: str) -> Deleted:
    """Remove a job that has ended, for good; see `Jobs.delete`."""
    return await default_queen().jobs.delete(job_id)


async def prune(*, older_than: timedelta | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
    """Remove jobs that have ended, by age and by size; see `Jobs.prune`."""
    return await default_queen().jobs.prune(older_than=older_than, size=size, dry_run=dry_run)


async def list(  # noqa: A001 - the verb of the API
    *, limit: int = 100, cursor: str | None = None, **wanted: Unpack[Filters]
) -> JobListing:
    """A page of jobs, newest first; see `Jobs.list`."""
    return await default_queen().jobs.list(limit=limit, cursor=cursor, **wanted)


def watch(*, limit: int = 100, **wanted: Unpack[Filters]) -> Feed[Change[JobRecord]]:
    """Jobs as they change: first a list, then what differs from it; see `Jobs.watch`."""
    return default_queen().jobs.watch(limit=limit, **wanted)


async def frame(*, limit: int = 10_000, **wanted: Unpack[Filters]) -> pd.DataFrame:
    """Jobs as a pandas DataFrame; see `Jobs.frame`."""
    return await default_queen().jobs.frame(limit=limit, **wanted)
