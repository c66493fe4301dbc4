"""One job at work: drains its operation into its log, under its deadlines, until it has ended."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from typing import Any

from queenlib.errors import InternalError, QueenError, StoreFailed, WorkerDied, WorkerProtocol, WorkerStalled
from queenlib.messages.base import Operation, Recovery, Result, plain
from queenlib.messages.events import Body, EndData, Problem, Waiting, Working, Yielded
from queenlib.messages.state import State
from queenlib.registry.limits import Limits
from queenlib.registry.log import JobLog
from queenlib.registry.stop import Stop, reason_of

Work = Callable[[], AsyncGenerator[Yielded]]
"""Makes the generator that does a job's work; making it starts nothing."""
OnEnd = Callable[[str], None]
CUT_OFF = (WorkerDied, WorkerProtocol, WorkerStalled)
"""What cuts work off so that another attempt may do better."""


class Run:
    """One job, from when it is kept to its end.

    Args:
        log: Its log.
        operation: What it does.
        limits: The deadlines.
        place: What it holds while it runs.
        on_end: Called with its id when it has ended, or is beyond help.
    """

    def __init__(
        self,
        log: JobLog,
        operation: Operation,
        limits: Limits,
        place: AbstractAsyncContextManager[object],
        on_end: OnEnd,
    ) -> None:
        self.id = log.record.id
        self.log = log
        self.untold: dict[str, Any] | None = None
        """A private result, whole: it is written down nowhere."""
        self.operation, self._limits = operation, limits
        self._place, self._held, self._on_end = place, AsyncExitStack(), on_end
        self._begun = False
        self._stop: Stop | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._inner: asyncio.Task[Result] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """Whether somebody has started it, or it has ended without that."""
        return self._inner is not None or self.log.record.state.ended

    def queue(self, age_s: float = 0.0) -> None:
        """From now on it is queued, for no longer than it may be; it was accepted `age_s` seconds ago."""
        if self.log.record.state is State.QUEUED:
            self._arm("queue", self._limits.queue_s)
        timeout = self.log.record.terms.timeout
        if timeout is not None and not self.log.record.state.ended:
            self._arm("job", timeout, timeout - age_s)

    async def begin(self) -> None:
        """Take a place, waited for if need be, and note that it runs; once begun, nothing more."""
        if not self._begun:
            await self._held.enter_async_context(self._place)
            self._begun = True
            self.log.state(State.RUNNING)

    async def leave(self) -> None:
        """Give its place back."""
        await self._held.aclose()

    def start(self, work: Work) -> None:
        """Start the work; once started, nothing more."""
        if not self.started:
            self._inner = asyncio.create_task(self._work(work), name=f"work {self.id}")
            self._task = asyncio.create_task(self._see_out(self._inner), name=self.id)
            self._task.add_done_callback(lambda _: self._on_end(self.id))

    def stop(self, stop: Stop) -> None:
        """Stop the work, for this reason; the first reason stays. `ended` returns when the work has provably ended."""
        if self._stop is not None or self.log.record.state.ended:
            return
        self._stop = stop
        self.start(_nothing)
        if self.log.record.state is not State.QUEUED:
            self.log.state(State.CANCELLING, stop.reason)
        assert self._inner is not None
        # Once only: a second cancel would break into the unwinding, which is the proof that the work has stopped.
        self._inner.cancel()

    async def ended(self) -> None:
        """Wait until it has ended; it was started, or stopped, or had ended before.

        Raises:
            StoreFailed: It has, and its end could not be kept.
        """
        if self._task is not None:
            await asyncio.wait({self._task})
        if self.log.tail.lost is not None:
            raise self.log.tail.lost.about_job(self.id)

    async def finish(self, stop: Stop, epoch: int) -> None:
        """Note how it has ended under a queen before this one, of number `epoch`."""
        end = self._failure(stop.reason, stop.error, stop.state).model_copy(update={"epoch": epoch})
        with suppress(StoreFailed):  # the log tells it to those who ask
            await self.log.end(end)

    async def _work(self, work: Work) -> Result:
        await self.begin()
        self._disarm("queue")
        self._arm("run", self.operation.run_limit_s if self._limits.run_s is None else self._limits.run_s)
        while True:
            await self._meant()
            try:
                return await self._drain(work)
            except CUT_OFF as error:
                if self._stop is not None or self.log.record.attempt > self.log.record.terms.retry:
                    raise
                self._disarm("wait")
                self.log.attempt(error.what)
                self.log.state(State.RUNNING)

    async def _meant(self) -> None:
        """Begin what may not be done twice only when it is kept that it begins: else it would look as if it never had."""
        if self.operation.recovery is Recovery.ONCE:
            await self.log.settled()
            if self.log.broken.done():
                raise self.log.broken.result()

    async def _see_out(self, inner: asyncio.Task[Result]) -> None:
        """Note what came of the work. It is a task of its own because the work may be cancelled before its first step."""
        either: set[asyncio.Future[Any]] = {inner, self.log.broken}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not inner.done():
            failed = self.log.broken.result()
            self.stop(Stop(reason_of(failed), failed))
            await asyncio.wait({inner})
        await self.leave()  # not in the work, which may be cancelled before its first step
        for name in list(self._timers):
            self._disarm(name)
        try:
            end, result = self._outcome(inner)
        except Exception as defect:  # noqa: BLE001 - a result that is no data; every job has its end
            end, result = self._failure("internal", _internal(defect)), None
        with suppress(StoreFailed):  # the log tells it to those who ask
            await self.log.end(end, result)

    def _outcome(self, inner: asyncio.Task[Result]) -> tuple[EndData, dict[str, Any] | None]:
        try:
            result = inner.result()
            kept = self.operation.keeps(result) or result
            if kept is not result:
                self.untold = plain(result.wire()) | ({"job_id": self.id} if "job_id" in type(result).model_fields else {})
            return EndData(state=State.SUCCEEDED), plain(kept.wire())
        except asyncio.CancelledError as cancelled:
            stop = self._stop or Stop("internal", _internal(cancelled))
            return self._failure(stop.reason, stop.error, stop.state), None
        except QueenError as error:
            return self._failure(reason_of(error), error), None
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the end of this job and of no other
            return self._failure("internal", _internal(error)), None

    def _failure(self, reason: str, error: QueenError, state: State = State.FAILED) -> EndData:
        problem = Problem.model_validate(plain(error.about_job(self.id).problem()))
        return EndData(state=state, reason=reason, error=problem)

    async def _drain(self, work: Work) -> Result:
        result: Result | None = None
        async with aclosing(work()) as steps:
            async for item in steps:
                assert result is None, "an operation yielded something after its result"
                if isinstance(item, Result):
                    result = item
                else:
                    self._watch(item)
                    await self.log.write(item)
                    if isinstance(item, Working):
                        await self._meant()
        assert result is not None, "an operation ended without its result"
        return result

    def _watch(self, body: Body) -> None:
        match body:
            case Waiting() if "wait" not in self._timers:
                self._arm("wait", self._limits.wait_s)
            case Working():
                self._disarm("wait")

    def _arm(self, deadline: str, limit_s: float, left_s: float | None = None) -> None:
        stop, left_s = Stop.timeout(self.id, deadline, limit_s), limit_s if left_s is None else left_s
        self._timers[deadline] = asyncio.get_running_loop().call_later(left_s, self.stop, stop)

    def _disarm(self, deadline: str) -> None:
        if timer := self._timers.pop(deadline, None):
            timer.cancel()


async def _nothing() -> AsyncGenerator[Yielded]:
    """The work of a job that is stopped before it was started; it never begins."""
    yield Working()


def _internal(raised: BaseException) -> InternalError:
    return InternalError(
        f"{type(raised).__name__}: {raised}",
        why="This is a defect of queenlib.",
        state="The job has ended; the queen goes on.",
        next="Please report it, with the remote traceback: error.remote_traceback",
        remote_traceback="".join(traceback.format_exception(raised)),
    )
