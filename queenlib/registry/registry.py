"""The registry: every job that this queen has accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, nullcontext

from queenlib.errors import QueueFull, StreamBeyondEnd, UnknownJob
from queenlib.messages.base import Operation, Recovery
from queenlib.messages.events import EndEvent, Event
from queenlib.messages.job import JobListing, JobRecord
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.log import JobLog
from queenlib.registry.run import Run, Stop, Work
from queenlib.registry.store import Store
from queenlib.world import World

PAGE = 512
"""Events that a reader takes from the store at a time."""


class Registry:
    """Creates each job once, runs it once, and shows its log to any number of readers."""

    def __init__(self, store: Store, world: World, limits: Limits | None = None) -> None:
        self._store, self._world, self._limits = store, world, limits or Limits()
        self._logs: dict[str, JobLog] = {}
        self._runs: dict[str, Run] = {}
        self._places = asyncio.Semaphore(self._limits.running)
        self._closed = False

    async def create(self, operation: Operation) -> str:
        """Accept an operation: a new job, `queued`. When it returns, the job is in the store.

        Raises:
            QueueFull: There is no room for another job; none was made.
        """
        if self._closed or len(self._logs) >= self._limits.unfinished:
            raise self._full()
        log = await JobLog.create(operation, self._world.new_id("job"), self._store, self._world)
        self._logs[log.record.id] = log
        return log.record.id

    def started(self, job_id: str) -> bool:
        """Whether the job has been started, be it long ago."""
        return job_id in self._runs or job_id not in self._logs

    def start(self, job_id: str, operation: Operation, work: Work) -> None:
        """Start the work of a job that has not been started."""
        read = operation.recovery is Recovery.READ
        place: AbstractAsyncContextManager[object] = nullcontext() if read else self._places
        run = self._runs[job_id] = Run(self._logs[job_id], work, place, self._limits, operation.run_limit_s)
        run.task.add_done_callback(lambda _: self._forget(job_id))

    async def get(self, job_id: str) -> JobRecord:
        """The job as it is kept; a unique prefix of its id will do, with or without `job-`.

        Raises:
            UnknownJob: No job has that id, or several begin like that.
        """
        if found := await self._store.get(job_id):
            return found
        for prefix in (job_id, f"job-{job_id}") if len(job_id) >= 4 else ():
            match await self._store.find(prefix):
                case [only] if found := await self._store.get(only):
                    return found
        raise UnknownJob(
            f"There is no one job {job_id[:80]!r}.",
            why="No job has that id, or more than one begins like that.",
            next="List them: jobs.list().",
        )

    async def follow(self, job_id: str, after: int) -> AsyncGenerator[Event]:
        """The events of a job after number `after`, those to come included, up to its end.

        Raises:
            UnknownJob: There is no such job.
            StreamBeyondEnd: `after` is past the last event.
        """
        record = await self.get(job_id)
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
            log = self._logs.get(job_id)  # looked up first: a job that ends meanwhile has all its events in the store
            events = await self._store.read(job_id, after, PAGE)
            for event in events:
                yield event
                after = event.seq
            if events and isinstance(events[-1], EndEvent):
                return
            if not events:
                if log is None:
                    return
                await log.kept_beyond(after)

    async def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job, and return when its work has ended; a job that has ended is returned as it is.

        Raises:
            UnknownJob: There is no such job.
        """
        job_id = (await self.get(job_id)).id
        if run := self._runs.get(job_id):
            run.stop(Stop.cancel(job_id))
            await asyncio.wait({run.task})
        elif log := self._logs.pop(job_id, None):  # never started
            await log.end(State.CANCELLED, reason="cancel")
        return await self.get(job_id)

    async def page(self, limit: int, cursor: str | None) -> JobListing:
        """A page of jobs, newest first, without their results."""
        return await self._store.page(limit, cursor)

    async def close(self) -> None:
        """Stop every job that has not ended, wait until each has, and let go of the store."""
        self._closed = True
        for job_id, run in self._runs.items():
            run.stop(Stop.closed(job_id))
        if self._runs:
            await asyncio.wait({run.task for run in self._runs.values()})
        for job_id in list(self._logs):
            stop = Stop.closed(job_id)
            await self._logs.pop(job_id).end(stop.state, reason=stop.reason)
        await self._store.close()

    def _forget(self, job_id: str) -> None:
        del self._runs[job_id], self._logs[job_id]

    def _full(self) -> QueueFull:
        retry = self._limits.retry_after_s
        why = "The queen is being closed." if self._closed else f"{len(self._logs)} jobs have not ended; that is the limit."
        return QueueFull(
            "The queen takes no further job now.",
            why=why,
            state="No job was made.",
            next=f"Come again in {retry:g} s.",
            retry_after_s=retry,
        )
