"""One job at work: drains its operation into its log, under its deadlines, until it has ended."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

from queenlib.errors import InternalError, JobCancelled, JobTimeout, QueenClosed, QueenError
from queenlib.messages.base import Result
from queenlib.messages.events import Body, Problem, Waiting, Working, Yielded
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.log import JobLog

Work = Callable[[], AsyncGenerator[Yielded]]
"""Makes the generator that does a job's work; making it starts nothing."""


@dataclass(frozen=True)
class Stop:
    """Why a job is stopped, and what that makes of it."""

    state: State
    reason: str
    error: QueenError

    @classmethod
    def cancel(cls, job_id: str) -> Stop:
        """Somebody cancels it."""
        error = JobCancelled(
            f"{job_id} was cancelled.",
            state="Its work has ended; what it had written stays in its log.",
            next=f"Look at it: jobs.attach({job_id!r}).",
        )
        return cls(State.CANCELLED, "cancel", error)

    @classmethod
    def closed(cls, job_id: str) -> Stop:
        """Its queen is being closed."""
        error = QueenClosed(
            f"{job_id} was stopped when its queen was closed.",
            why="The queen was part of a program that ended or closed it.",
            state="Its work has ended; what it had written stays in its log.",
            next="Create it again.",
        )
        return cls(State.FAILED, "queen_closed", error)

    @classmethod
    def timeout(cls, job_id: str, deadline: str, limit_s: float) -> Stop:
        """A deadline passed."""
        what = {"queue": "was queued", "run": "ran", "wait": "waited for one thing"}[deadline]
        error = JobTimeout(
            f"{job_id} {what} for {limit_s:g} s.",
            why=f"That is the limit for `{deadline}`.",
            state="Its work has ended; what it had written stays in its log.",
            next="Create it again when there is less to do, or give the queen longer limits.",
            deadline=deadline,
            limit_s=limit_s,
        )
        return cls(State.FAILED, "timeout", error)


class Run:
    """The work of one job, from its start to its end."""

    def __init__(
        self, log: JobLog, work: Work, place: AbstractAsyncContextManager[object], limits: Limits, run_s: float
    ) -> None:
        self._log, self._work, self._place, self._limits = log, work, place, limits
        self._run_s = limits.run_s if limits.run_s is not None else run_s
        self._stop: Stop | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._arm("queue", limits.queue_s)
        self._inner = asyncio.create_task(self._start(), name=f"work {log.record.id}")
        self.task = asyncio.create_task(self._finish(), name=log.record.id)

    def stop(self, stop: Stop) -> None:
        """Stop the work, for this reason; the first reason stays. Its `task` ends when the work has provably ended."""
        if self._stop is not None or self.task.done() or self._log.record.state.ended:
            return
        self._stop = stop
        if self._log.record.state is not State.QUEUED:
            self._log.state(State.CANCELLING, stop.reason)
        # Once only: a second cancel would break into the unwinding, which is the proof that the work has stopped.
        self._inner.cancel()

    async def _start(self) -> Result:
        async with self._place:
            self._disarm("queue")
            self._log.state(State.RUNNING)
            self._arm("run", self._run_s)
            return await self._drain()

    async def _finish(self) -> None:
        """Note what came of the work. It is a task of its own because the work may be cancelled before its first step."""
        await asyncio.wait({self._inner})
        for name in list(self._timers):
            self._disarm(name)
        if self._inner.cancelled():
            stop = self._stop or Stop.closed(self._log.record.id)
            await self._end(stop.state, stop.reason, stop.error)
        elif (raised := self._inner.exception()) is None:
            await self._log.end(State.SUCCEEDED, result=self._inner.result())
        elif isinstance(raised, QueenError):
            await self._end(State.FAILED, raised.kind, raised)
        else:
            await self._end(State.FAILED, "internal", _internal(raised))

    async def _end(self, state: State, reason: str, error: QueenError) -> None:
        problem = Problem.model_validate(error.about_job(self._log.record.id).problem())
        await self._log.end(state, reason=reason, error=problem)

    async def _drain(self) -> Result:
        result: Result | None = None
        async with aclosing(self._work()) as steps:
            async for item in steps:
                assert result is None, "an operation yielded something after its result"
                if isinstance(item, Result):
                    result = item
                else:
                    self._watch(item)
                    await self._log.write(item)
        assert result is not None, "an operation ended without its result"
        return result

    def _watch(self, body: Body) -> None:
        match body:
            case Waiting() if "wait" not in self._timers:
                self._arm("wait", self._limits.wait_s)
            case Working():
                self._disarm("wait")

    def _arm(self, deadline: str, limit_s: float) -> None:
        stop = Stop.timeout(self._log.record.id, deadline, limit_s)
        self._timers[deadline] = asyncio.get_running_loop().call_later(limit_s, self.stop, stop)

    def _disarm(self, deadline: str) -> None:
        if timer := self._timers.pop(deadline, None):
            timer.cancel()


def _internal(raised: BaseException) -> InternalError:
    return InternalError(
        f"{type(raised).__name__}: {raised}",
        why="This is a defect of queenlib.",
        state="The job has ended; the queen goes on.",
        next="Please report it, with the remote traceback: error.remote_traceback",
        remote_traceback="".join(traceback.format_exception(raised)),
    )
