"""The registry: every job that this queen has accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, nullcontext, suppress

from queenlib.errors import InvalidRequest, QueueFull, StoreFailed, StreamBeyondEnd, UnknownJob
from queenlib.messages.base import Operation, Recovery
from queenlib.messages.events import EndEvent, Event
from queenlib.messages.job import JobListing, JobRecord
from queenlib.registry.limits import Limits
from queenlib.registry.log import JobLog
from queenlib.registry.run import Run, Work
from queenlib.registry.stop import Stop
from queenlib.registry.store import Store
from queenlib.world import World

PAGE = 512
"""Events that a reader takes from the store at a time."""
SHORTEST = 4
"""Characters of an id's random part that are a prefix of it."""


class Registry:
    """Creates each job once, runs it once, and shows its log to any number of readers."""

    def __init__(self, store: Store, world: World, limits: Limits | None = None) -> None:
        self._store, self._world, self._limits = store, world, limits or Limits()
        self._runs: dict[str, Run] = {}
        """Every job that has not ended, and those whose end could not be kept."""
        self._places = asyncio.Semaphore(self._limits.running)
        self._creating: set[asyncio.Task[None]] = set()
        self._closed = False

    async def create(self, operation: Operation, work: Work | None = None) -> str:
        """Accept an operation: a new job, `queued`. When it returns, the job is in the store.

        Args:
            operation: What is asked for.
            work: Start the job with this work; without it, the job waits for `start`.

        Raises:
            QueueFull: There is no room for another job; none was made.
            StoreFailed: The store could not keep it; none was made.
        """
        if self._closed or len(self._runs) >= self._limits.unfinished:
            raise self._full()
        log = JobLog(operation, self._world.new_id("job"), self._store, self._world)
        place: AbstractAsyncContextManager[object] = nullcontext()
        if operation.recovery is not Recovery.READ:
            place = self._places
        run = self._runs[log.record.id] = Run(log, self._limits, operation.run_limit_s, place, self._forget)
        creating = asyncio.create_task(self._create(run, work), name=f"create {run.id}")
        self._creating.add(creating)
        creating.add_done_callback(self._creating.discard)
        await asyncio.shield(creating)  # a caller that leaves now leaves a whole job or none
        return run.id

    async def _create(self, run: Run, work: Work | None) -> None:
        try:
            await run.keep()
        except BaseException:
            del self._runs[run.id]
            raise
        if work is not None:
            run.start(work)

    def started(self, job_id: str) -> bool:
        """Whether the job has been started, be it long ago."""
        run = self._runs.get(job_id)
        return run is None or run.started

    def start(self, job_id: str, work: Work) -> None:
        """Start the work of a job; does nothing to one that was started or has ended."""
        if run := self._runs.get(job_id):
            run.start(work)

    async def get(self, job_id: str) -> JobRecord:
        """The job as it is kept; a unique prefix of its id will do, with or without `job-`: four characters or more.

        Raises:
            UnknownJob: No job has that id, or several begin like that.
        """
        if found := await self._store.get(job_id):
            return found
        beginning, alike = job_id.removeprefix("job-"), list[str]()
        if len(beginning) >= SHORTEST:
            alike = list(await self._store.find(f"job-{beginning}"))
            if len(alike) == 1 and (found := await self._store.get(alike[0])):
                return found
        raise UnknownJob(
            f"There is no one job {job_id[:80]!r}.",
            why=f"Several begin like that, such as {alike[0]}." if alike else "No job has that id or begins like that.",
            next="List them: jobs.list().",
        )

    async def follow(self, job_id: str, after: int) -> AsyncGenerator[Event]:
        """The events of a job after number `after`, those to come included, up to its end.

        Raises:
            UnknownJob: There is no such job.
            InvalidRequest: `after` is below 0.
            StreamBeyondEnd: `after` is past the last event.
            StoreFailed: While it is followed: the store has failed, and what comes next could not be kept.
        """
        record = await self.get(job_id)
        if after < 0:
            raise InvalidRequest(
                f"after is {after}; events are numbered from 1.",
                state="Nothing was sent.",
                next=f"Read from the start: jobs.stream({record.id!r}).",
            )
        if after > record.last_seq:
            raise StreamBeyondEnd(
                f"{record.id} has {record.last_seq} events; the cursor says {after}.",
                state="Nothing was sent.",
                next=f"Read from the start: jobs.stream({record.id!r}).",
                last_seq=record.last_seq,
            )
        return self._follow(record.id, after)

    async def _follow(self, job_id: str, after: int) -> AsyncGenerator[Event]:
        while True:
            run = self._runs.get(job_id)  # looked up first: a job that ends meanwhile has all its events in the store
            events = await self._store.read(job_id, after, PAGE)
            for event in events:
                yield event
                after = event.seq
            if events and isinstance(events[-1], EndEvent):
                return
            if not events and (run is None or not await run.log.kept_beyond(after)):
                return

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job, and return when its work has ended; a job that has ended is returned as it is.

        Raises:
            UnknownJob: There is no such job.
            StoreFailed: Its work has ended, and its end could not be kept.
        """
        job_id = (await self.get(job_id)).id
        if run := self._runs.get(job_id):
            run.stop(Stop.cancel(job_id))
            await run.ended()
        return await self.get(job_id)

    async def page(self, limit: int, cursor: str | None) -> JobListing:
        """A page of jobs, newest first, without their results."""
        return await self._store.page(limit, cursor)

    async def close(self) -> None:
        """Stop every job that has not ended, wait until each has, and let go of the store."""
        self._closed = True
        if self._creating:
            await asyncio.wait(self._creating)
        runs = list(self._runs.values())
        for run in runs:
            run.stop(Stop.closed(run.id))
        for run in runs:
            with suppress(StoreFailed):  # its readers are told
                await run.ended()
        await self._store.close()

    def _forget(self, job_id: str) -> None:
        if self._runs[job_id].log.lost is None:
            del self._runs[job_id]

    def _full(self) -> QueueFull:
        retry = self._limits.retry_after_s
        why = (
            "The queen is being closed." if self._closed else f"{len(self._runs):,} jobs have not ended; that is the limit."
        )
        return QueueFull(
            "The queen takes no further job now.",
            why=why,
            state="No job was made.",
            next=f"Come again in {retry:g} s.",
            retry_after_s=retry,
        )
