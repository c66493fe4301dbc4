"""The registry: every job that this queen has accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress

from queenlib.errors import StoreFailed
from queenlib.messages.base import Deleted, Operation
from queenlib.messages.cancelled import Cancelled
from queenlib.messages.events import Event
from queenlib.messages.filter import ALL, READS, JobFilter
from queenlib.messages.job import USUAL, JobListing, JobRecord, Terms
from queenlib.registry.batches import Batches
from queenlib.registry.cursor import PAGE, SLOW_PAGE, Cursor, Logs
from queenlib.registry.door import Door
from queenlib.registry.finding import find_job
from queenlib.registry.limits import Limits
from queenlib.registry.log import JobLog
from queenlib.registry.places import Places
from queenlib.registry.reader import Reader
from queenlib.registry.readers import Readers
from queenlib.registry.refusals import check_cursor, has_ended, in_use
from queenlib.registry.retention import House, Retention
from queenlib.registry.run import Run, Work
from queenlib.registry.snapshots import Snapshots
from queenlib.registry.stop import Stop
from queenlib.registry.store import Store
from queenlib.registry.together import cancel_all
from queenlib.registry.untold import Untold
from queenlib.registry.watched import JobBoard, WatchedJobs
from queenlib.world import World


class Registry:
    """Creates each job once, runs it once, and shows its log to any number of readers."""

    def __init__(self, store: Store, world: World, limits: Limits | None = None, retention: Retention | None = None) -> None:
        self._store, self._world, self._limits = store, world, limits or Limits()
        self._untold, self._board = Untold(), JobBoard(world.new_id("board"))
        self.house = House(store, world, retention or Retention(), READS, forget=self._gone)
        self._runs: dict[str, Run] = {}
        """Every job that has not ended, and those whose end could not be kept."""
        self._places = Places(self._limits.running)
        self._creating, self._readers = set[asyncio.Task[str]](), Readers()
        self._logs = Logs(self._runs, store, self._ended)
        self.snapshots, self.batches = Snapshots(self._logs, self.get), Batches(store)
        self.door = Door(self._runs, world, self._limits)

    @property
    def epoch(self) -> int:
        """How often its store has been opened, this time included."""
        return self._store.epoch

    async def create(
        self, operation: Operation, work: Work | None = None, terms: Terms = USUAL, said: Operation | None = None
    ) -> str:
        """Accept an operation: a new job, `queued`. When it returns, the job is in the store.

        Args:
            operation: What is asked for.
            work: Start the job with this work; without it, the job waits for `start`.
            terms: What else is agreed; with a key that a job has, that job's id is returned, and no job is made.
            said: The operation in its creator's words, where they were others: a key stands for them, and defaults change.

        Raises:
            KeyConflict: A job with that key was created with another payload.
            QueueFull: There is no room for another job, or the queen ends; none was made.
            StoreFailed: The store could not keep it; none was made.
        """
        self.door.check()
        run = self._seat(JobLog.new(operation, terms, self._store, self._world, said), operation)
        creating = asyncio.create_task(self._create(run, work), name=f"create {run.id}")
        self._creating.add(creating)
        creating.add_done_callback(self._creating.discard)
        creating.add_done_callback(lambda made: made.cancelled() or made.exception())  # seen, also where nobody waits
        return await asyncio.shield(creating)  # a caller that leaves now leaves a whole job or none

    async def _create(self, run: Run, work: Work | None) -> str:
        if work is not None and self._places.free(run.operation):
            await run.begin()  # kept with its creation, in one write: the work need not wait for another
        job_id = ""
        try:
            job_id = await run.log.create()
        finally:
            if job_id != run.id:
                del self._runs[run.id]
                await run.leave()
        if job_id == run.id:
            run.queue()
            if work is not None:
                run.start(work)
        return job_id

    def _seat(self, log: JobLog, operation: Operation) -> Run:
        run = self._runs[log.record.id] = Run(log, operation, self._limits, self._places.one(operation), self._forget)
        self._board.follow(log)
        return run

    async def unfinished(self) -> tuple[JobRecord, ...]:
        """The jobs of a queen before this one that had not ended, oldest first; each is to be `resume`d or `finish`ed."""
        return tuple(record for record in await self._store.unfinished() if record.id not in self._runs)

    async def resume(self, record: JobRecord, operation: Operation, *, again: str = "") -> None:
        """Take on a job of a queen before this one; it waits for `start`, or its time is over.

        Args:
            record: The job.
            operation: What it does.
            again: Why it begins anew, in another attempt; empty if it had not begun.
        """
        age_s, timeout = (self._world.now() - record.created_at).total_seconds(), record.terms.timeout
        if timeout is not None and age_s >= timeout:
            return await self.finish(record, operation, Stop.timeout(record.id, "job", timeout))
        run = self._seat(JobLog(operation, record, self._store, self._world), operation)
        if again:
            run.log.attempt(again)
            await run.log.settled()
        return run.queue(age_s)

    async def finish(self, record: JobRecord, operation: Operation, stop: Stop) -> None:
        """Note how a job of a queen before this one has ended."""
        run = self._seat(JobLog(operation, record, self._store, self._world), operation)
        await run.finish(stop, self.epoch)
        self._forget(record.id)

    def unstarted(self, job_id: str) -> Operation | None:
        """What a job does that waits for `start`; `None` if it was started, be it long ago."""
        run = self._runs.get(job_id)
        return None if run is None or run.started else run.operation

    def start(self, job_id: str, work: Work) -> None:
        """Start the work of a job; does nothing to one that was started or has ended."""
        if run := self._runs.get(job_id):
            run.start(work)

    async def get(self, job_id: str) -> JobRecord:
        """The job as it is kept; a unique prefix of its id will do, with or without `job-`: four characters or more.

        Raises:
            UnknownJob: No job has that id, or several begin like that.
        """
        run = self._runs.get(job_id)
        return self._whole(run.log.shown if run and run.log.made else await find_job(self._store, job_id))

    async def follow(self, job_id: str, after: int) -> AsyncGenerator[Event]:
        """The events of a job after number `after`, those to come included, up to its end.

        Raises:
            UnknownJob: There is no such job.
            InvalidRequest, StreamBeyondEnd: `after` is below 0, or past the last event.
            StoreFailed: The store has failed, and what comes next could not be kept; also while it is followed.
        """
        return (await self.reader({job_id: after})).events()

    async def reader(self, places: Mapping[str, int]) -> Reader:
        """One who follows these jobs, each from after the number that is given.

        Raises:
            UnknownJob, InvalidRequest, StreamBeyondEnd, StoreFailed: As for `follow`.
        """
        cursors = list[Cursor]()
        for job_id, after in places.items():
            record = await self.get(job_id)
            check_cursor(record, after)
            if (run := self._runs.get(record.id)) and run.log.tail.lost and after == record.last_seq:
                raise run.log.tail.lost.about_job(record.id)
            cursors.append(Cursor(record.id, after, self._logs, max(SLOW_PAGE, PAGE // len(places))))
        return Reader(cursors, self._readers)

    async def _ended(self, job_id: str) -> JobRecord:
        return has_ended(await self.get(job_id), self.epoch)  # or it was deleted under its reader, who is told

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job, and return when its work has ended; a job that has ended is returned as it is.

        Raises:
            UnknownJob: There is no such job.
            StoreFailed: Its work has ended, and its end could not be kept.
        """
        if job_id not in self._runs:
            job_id = (await self.get(job_id)).id
        if run := self._runs.get(job_id):
            run.stop(Stop.cancel(job_id))
            await run.ended()
        return has_ended(await self.get(job_id), self.epoch)

    async def cancel_all(self, wanted: JobFilter, *, everything: bool = False) -> Cancelled:
        """Cancel several jobs: see `queenlib.registry.together`."""
        return await cancel_all(self._runs, wanted, everything=everything)

    async def delete(self, job_id: str) -> Deleted:
        """Remove a job that has ended for good: no byte of it is left in the store when this returns.

        Raises:
            UnknownJob: There is no such job.
            InUse: It has not ended.
        """
        record = await self.get(job_id)
        if not record.state.ended:
            raise in_use(record.id)
        if run := self._runs.get(record.id):
            await run.ended()  # its end is kept, and it is about to be let go of
        await self._store.delete([record.id], scrub=True)
        self._gone(record.id)
        return Deleted(kind="job", id=record.id)

    def watched(self, wanted: JobFilter, limit: int) -> WatchedJobs:
        """The jobs that are wanted, to be watched: at first the newest `limit` of them."""
        return WatchedJobs(self._board, self._store, wanted, limit, self._world)

    async def page(self, limit: int, cursor: str | None, wanted: JobFilter = ALL) -> JobListing:
        """A page of the jobs that are wanted, newest first, without their results."""
        return await self._store.page(limit, cursor, wanted)

    async def close(self) -> None:
        """Stop every job that has not ended, wait until each has, and let go of the store."""
        self.door.close()
        try:
            await self._end_all()
        finally:
            await self._store.close()  # also where the closing is given up: somebody else may want the store

    async def _end_all(self) -> None:
        await self.house.end()
        if self._creating:
            await asyncio.wait(self._creating)
        for run in (runs := list(self._runs.values())):
            run.stop(Stop.closed(run.id))
        for run in runs:
            with suppress(StoreFailed):  # its readers are told
                await run.ended()
        await self._readers.gone(self._world)

    def _forget(self, job_id: str) -> None:
        run = self.door.left(job_id)
        if run.log.tail.lost is not None:
            return
        self._untold.keep(job_id, run.untold)
        del self._runs[job_id]

    def _gone(self, job_id: str) -> None:
        self._untold.forget(job_id)
        self._board.put(job_id, None)

    def _whole(self, record: JobRecord) -> JobRecord:
        """A record, with what is written down nowhere as long as it is known."""
        run = self._runs.get(record.id)
        return self._untold.tell(record, run.untold if run else None)
