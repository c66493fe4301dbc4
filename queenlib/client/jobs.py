"""`queen.jobs`: create, follow, find and end jobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from queenlib.client.backend import Start
from queenlib.client.calls import Family
from queenlib.client.cancelling import cancel_all
from queenlib.client.feed import Feed
from queenlib.client.job import Job
from queenlib.client.lines import LineMaker
from queenlib.client.paging import records
from queenlib.client.pruning import prune
from queenlib.client.rerunning import rerun
from queenlib.display.interrupt import Listening
from queenlib.display.lists import show_list
from queenlib.display.ways import shown_by
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.change import Change, Kind
from queenlib.messages.events import Event
from queenlib.messages.filter import Filters, parse_filter
from queenlib.messages.job import JobListing, JobRecord, Pruned
from queenlib.messages.parse import parse_terms
from queenlib.messages.place import Place
from queenlib.messages.snapshot import Snapshot
from queenlib.registry.refusals import unknown_job

if TYPE_CHECKING:
    import pandas as pd


class Jobs(Family):
    """The jobs of a queen."""

    _name = "jobs"

    async def create(
        self,
        operation: Operation | Mapping[str, Any],
        *,
        start: Start = "now",
        key: str | None = None,
        retry: int = 0,
        tags: Iterable[str] | str = (),
        timeout: float | None = None,
    ) -> Job[Any]:
        """Create a job from an operation or its plain dict. When it returns, the job is on the disk, and it runs.

        Args:
            operation: Such as `HiveList()` or `{"operation": "hive_list"}`.
            start: `"on_stream"` starts it only when its stream is first asked for.
            key: Your own name for it, 1 to 255 visible ASCII characters: whoever creates the same with this key again gets
                this job, and no second one, for as long as the job is kept.
            retry: How often an inference that was cut off, by the death of its worker or of the queen, is run again.
            tags: Your own words for it, to find it and its like by: up to 16, each of 1 to 64 characters without commas.
            timeout: Seconds from now until it has to have ended, all waiting included; else it ends as `failed`.

        Raises:
            InvalidOperation: It is none; every bad field is named, and no job was made.
            InvalidRequest: One of the others is not what it has to be; no job was made.
            KeyConflict: A job with this key was created with another payload.
            QueueFull: There is no room for another job; none was made.
        """
        return await self._caller.create(operation, parse_terms(start, key, retry, tags, timeout))

    @overload
    def stream(self, job_id: str, after: int = 0, *, lines: Literal[False] = False) -> AsyncGenerator[Event]: ...
    @overload
    def stream(self, job_id: str, after: int = 0, *, lines: Literal[True]) -> AsyncGenerator[str]: ...
    async def stream(self, job_id: str, after: int = 0, *, lines: bool = False) -> AsyncGenerator[Any]:
        """A job's events after number `after`, those to come included, up to its end.

        `str(event)` is its text with its own line end; pieces of an answer have none, so `print(event, end="")` reads well.
        Leaving the loop never cancels the job.

        Args:
            job_id: The job; a unique prefix will do, see `attach`.
            after: The number of the last event that one has.
            lines: Yield whole lines of text in place of events.

        Raises:
            UnknownJob: There is no such job.
            StreamBeyondEnd: `after` is past the last event.
        """
        maker = LineMaker()
        async with aclosing(self._feed(job_id, after).__aiter__()) as events:
            async for event in events:
                for each in maker.feed(event) if lines else (event,):
                    yield each

    def _feed(self, job_id: str, after: int = 0) -> Feed[Event]:
        return Feed(self.portal, lambda: self._caller.backend.execute_job(job_id, after), Listening(job_id))

    def follow(self, jobs: Mapping[str, int] | Iterable[str]) -> AsyncGenerator[Event]:
        """The events of several jobs on one line, those to come included, up to the end of each.

        The events of one job come in order, those of several as they are there: `event.job_id` says whose it is.

        Args:
            jobs: Their ids, up to 256; or for each id the number of the last event that one has.

        Raises:
            UnknownJob: One of them is not there.
            InvalidRequest: There are none, too many, or one twice.
            StreamBeyondEnd: A number is past the last event.
        """
        return self._follow(jobs).__aiter__()

    def _follow(self, jobs: Mapping[str, int] | Iterable[str]) -> Feed[Event]:
        places = [Place(*each) for each in jobs.items()] if isinstance(jobs, Mapping) else [Place(each) for each in jobs]
        return Feed(self.portal, lambda: self._caller.backend.execute_jobs(places))

    def attach(self, job_id: str) -> Job[Any]:
        """A handle on a job that exists; a unique prefix of its id will do: four characters or more, `job-` not counted.

        Raises:
            UnknownJob: There is no such job, or several begin like that.
        """
        if not isinstance(job_id, str):
            raise unknown_job(job_id)
        return self._caller.attach(job_id)

    async def get(self, job_id: str) -> JobRecord:
        """The job as it is now.

        Raises:
            UnknownJob: There is no such job.
        """
        return await self.portal.run(self._caller.backend.get_job(job_id))

    async def snapshot(self, job_id: str) -> Snapshot:
        """The job so far: the answer, what is under way, the newest lines.

        `jobs.stream(job_id, after=snapshot.job.last_seq)` goes on from there, with nothing missed.

        Raises:
            UnknownJob: There is no such job.
        """
        return await self.portal.run(self._caller.backend.snapshot_job(job_id))

    async def result(self, job_id: str, timeout: float | None = None) -> Any:
        """A job's typed result; waits for it, `timeout` seconds at most; see `Job.result`."""
        record = await self.get(job_id)
        job: Job[Any] = Job(record, self._caller.backend, self.portal)
        return await job.result(timeout)

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job; its work has ended when this returns. One that has ended stays as it is.

        Raises:
            UnknownJob: There is no such job.
        """
        return await self.portal.run(self._caller.backend.cancel_job(job_id))

    async def rerun(self, job_id: str, *, key: str | None = None) -> Job[Any]:
        """Run a job again, whether it has ended or not; see `Job.rerun`."""
        record = await self.portal.run(rerun(self._caller.backend, job_id, key))
        return Job(record, self._caller.backend, self.portal)

    async def cancel_all(self, *, everything: bool = False, **wanted: Unpack[Filters]) -> Cancelled:
        """Cancel those of the wanted jobs that have not ended; the work of each has ended when this returns.

        Args:
            everything: That all jobs are meant; without a filter, it has to be said.
            wanted: Which jobs, see `list`.

        Raises:
            InvalidRequest: Nothing is said of which, or a filter is not what it has to be; no job was cancelled.
        """
        return await self.portal.run(cancel_all(self._caller.backend, parse_filter(**wanted), everything=everything))

    async def delete(self, job_id: str) -> Deleted:
        """Remove a job that has ended, with its log and its result, for good: no byte of it is left in the store.

        Raises:
            UnknownJob: There is no such job.
            InUse: It has not ended; what is at work is never deleted.
        """
        return await self.portal.run(self._caller.backend.delete_job(job_id))

    async def prune(self, *, older_than: timedelta | None = None, size: int | None = None, dry_run: bool = False) -> Pruned:
        """Remove jobs that have ended, the oldest first, for good; those that have not are never removed.

        Args:
            older_than: Those that ended longer ago, such as `timedelta(days=30)`.
            size: And the oldest, until all jobs together take at most so many bytes.
            dry_run: Remove nothing, only say what would be.

        Raises:
            InvalidRequest: Neither is given, or one is negative or not what it has to be: a bare number is no age.
        """
        return await self.portal.run(prune(self._caller.backend, older_than, size, dry_run=dry_run))

    async def list(self, *, limit: int = 100, cursor: str | None = None, **wanted: Unpack[Filters]) -> JobListing:
        """A page of jobs, newest first; `.next` is the cursor of the page after it.

        Pages that follow each other have each job once that was there all the time, whatever comes and goes meanwhile.

        Args:
            limit: Jobs in the page at most: 1 to 1,000.
            cursor: That of the page before.
            wanted: Which jobs: `state`, `operation`, `hive`, `worker`, `model`, `tags`, `created_after`, `created_before`,
                `ended_after`, `ended_before`, `reads`; see `queenlib.messages.filter.Filters`.

        Raises:
            InvalidRequest: One of them is not what it has to be.
        """
        chosen = parse_filter(**wanted)
        page = await self.portal.run(self._caller.backend.list_jobs(limit=limit, cursor=cursor, wanted=chosen))
        if cursor is None:
            shown_by(page, lambda: show_list("jobs", self._caller.owner, limit=limit, **wanted))
        return page

    def watch(self, *, limit: int = 100, **wanted: Unpack[Filters]) -> Feed[Change[JobRecord]]:
        """Jobs as they change: first a list, then what differs from it, without end; `for` and `async for` both draw.

        `items` has what is new or different, `gone` the ids of what is deleted or not wanted any more. With `reset`, at
        first and for who was away for too long, `items` is the whole list, in place of all that one had.

        Args:
            limit: Jobs in the list at most, the newest: 1 to 1,000; whichever other changes later is told as well.
            wanted: Which jobs, see `list`; without `reads=True`, none that only look at something, such as lists.

        Raises:
            InvalidRequest: One of them is not what it has to be.
        """
        wanted.setdefault("reads", False)
        return self._caller.watch(Kind.JOBS, wanted=parse_filter(**wanted), limit=limit)

    async def frame(self, *, limit: int = 10_000, **wanted: Unpack[Filters]) -> pd.DataFrame:
        """Jobs as a pandas DataFrame, one row a job, newest first; see `queenlib.frames.jobs_frame`.

        Args:
            limit: Jobs at most: 1 or more.
            wanted: Which jobs, see `list`; without `reads=True`, none that only look at something, such as lists.
        """
        from queenlib.columns.logs import jobs_frame

        return jobs_frame(await self._records(limit, **wanted), reads=True)

    async def _records(self, limit: int = 10_000, **wanted: Unpack[Filters]) -> Sequence[JobRecord]:
        wanted.setdefault("reads", False)
        return await self.portal.run(records(self._caller.backend, limit, parse_filter(**wanted)))
