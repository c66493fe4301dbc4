"""One job, seen from outside: await it, follow it, cancel it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast

from queenlib.client.backend import Backend
from queenlib.client.feed import Feed, closing
from queenlib.client.known import Known
from queenlib.client.outcome import outcome
from queenlib.client.pieces import pieces
from queenlib.client.portal import Portal
from queenlib.client.rerunning import rerun
from queenlib.client.waiting import check_reading, check_timeout, not_ended
from queenlib.display.card import Bundle, card
from queenlib.display.facts import head
from queenlib.display.interrupt import Listening
from queenlib.display.mode import Mode, current_mode, is_stable
from queenlib.display.screen import publish
from queenlib.display.show import attend, show, show_line
from queenlib.display.ways import Way, is_seen, shown_by
from queenlib.messages.base import Result
from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R", bound=Result)

WAITS_S = 0.25
"""Who waits for a job's end alone hears of what comes before it this often, in seconds."""


class Job(Generic[R]):
    """A handle on one job of a queen.

    `await job` is its result; `job.wait()` is the same, blocking. `async for event in job` (or `for event in job`) follows
    its log from the first event to the end. Leaving a loop, or a wait, does not cancel the job; `await job.cancel()` does,
    and so does interrupting a notebook's cell that waits for an answer of its own: see `on_interrupt=` of `queen.infer`.
    """

    def __init__(self, record: JobRecord, backend: Backend, portal: Portal) -> None:
        self._known, self._backend, self._portal = Known(record), backend, portal
        self._id, self._operation = record.id, record.operation
        self._way: Way | None = None

    def shown_by(self, way: Way) -> Self:
        """Have its result shown in a way of its own, where it is the last thing in a cell."""
        self._way = way
        return self

    @property
    def portal(self) -> Portal:
        """The thread on which all is done: for a view of one's own that follows the job there."""
        return self._portal

    @property
    def id(self) -> str:
        """Its id, such as `job-7f3k9m2p4qxz`."""
        return self._id

    @property
    def operation(self) -> str:
        """The name of its operation."""
        return self._operation

    @property
    def record(self) -> JobRecord:
        """What was last heard of it; asks nobody. `await job.refresh()` asks."""
        return self._known.record

    async def refresh(self) -> JobRecord:
        """Ask how it is now."""
        return await self._portal.run(self._learn(self._backend.get_job))

    async def snapshot(self) -> Snapshot:
        """It so far: the answer, what is under way, the newest lines; `events(after=snapshot.job.last_seq)` goes on."""
        return await self._portal.run(self._snapshot())

    async def _snapshot(self) -> Snapshot:
        found = await self._backend.snapshot_job(self.id)
        self._known.learn(found.job)
        return found

    def __await__(self) -> Generator[Any, None, R]:
        return self.result().__await__()

    async def result(self, timeout: float | None = None) -> R:
        """Its result; waits for it, `timeout` seconds at most.

        Raises:
            InvalidRequest: `timeout` is no number.
            NotEnded: If it has not ended in time; a `TimeoutError` too. The job goes on.
            QueenError: What it ended with, if it did not succeed: the same class near and far.
        """
        check_timeout(timeout)
        attend(self)
        return self._seen(await self._portal.run(self._result(timeout)))

    def wait(self, timeout: float | None = None) -> R:
        """Its result, blocking, under a running loop or without one; see `result`.

        An interrupt (`KeyboardInterrupt`) ends the waiting; the job goes on, unless it is an answer that the same cell of a
        notebook asked for, without `on_interrupt="detach"`: that is cancelled.

        Raises:
            Conflict: It is called on queenlib's own thread, where it would wait for itself.
        """
        check_timeout(timeout)
        attend(self)
        return self._seen(self._portal.wait(self._result(timeout)))

    def _seen(self, result: R) -> R:
        is_seen(self, result)
        if self._way is not None:
            shown_by(result, self._way)
        return result

    async def _result(self, timeout: float | None) -> R:
        try:
            async with asyncio.timeout(timeout) as limit:
                while not self.record.state.ended:
                    async with closing(await self._listen(self.record.last_seq, WAITS_S)) as stream:
                        async for _ in stream:
                            pass
                    if not self.record.state.ended:
                        await self._learn(self._backend.get_job)
        except TimeoutError:
            if limit.expired():
                raise not_ended(self.record, timeout or 0) from None
            raise
        listed = self.record.result is None and self.record.error is None  # a list leaves results out
        if listed or self.record.request.get("private"):  # and so does a private log
            await self._learn(self._backend.get_job)
        return cast("R", outcome(self.record))

    async def _learn(self, ask: Callable[[str], Awaitable[JobRecord]]) -> JobRecord:
        return self._known.learn(await ask(self.id))  # on the portal's loop, as all that changes what is known

    def events(self, after: int = 0, *, every_s: float = 0.0) -> Feed[Event]:
        """Its events after number `after`, those to come included, up to its end; `for` and `async for` both draw.

        With `every_s`, what comes within so many seconds may come together, and pieces of an answer as one event that
        `joins` several: that costs less.

        Raises:
            InvalidRequest: `every_s` is not 0 to 1, or `after` is no whole number.
        """
        check_reading(after, every_s)
        return Feed(self._portal, lambda: self._listen(after, every_s), Listening(self.id, self))

    async def _listen(self, after: int, every_s: float = 0.0) -> AsyncIterator[Event]:
        """The stream, overheard: what it tells of the job is remembered, so that showing the handle asks nobody."""
        known = self.record.epoch if after <= self.record.last_seq else None  # else it may be from a later one
        return self._overhear(await self._backend.execute_job(self.id, after, known, every_s=every_s))

    async def _overhear(self, events: AsyncIterator[Event]) -> AsyncGenerator[Event]:
        async with closing(events) as stream:
            async for event in stream:
                self._known.hear(event)
                yield event

    def __aiter__(self) -> AsyncGenerator[Event]:
        return self.events().__aiter__()

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events())

    def text(self, channel: Literal["content", "reasoning"] = "content") -> Feed[str]:
        """The pieces of its answer, as they come; `for` and `async for` both draw.

        They raise what the job ended with, if it did not succeed.
        """
        return Feed(self._portal, lambda: self._pieces(channel), Listening(self.id, self))

    async def _pieces(self, channel: str) -> AsyncIterator[str]:
        return pieces(await self._listen(0), channel)

    async def cancel(self) -> JobRecord:
        """Cancel it; its work has ended when this returns. A job that has ended stays as it is."""
        return await self._portal.run(self._learn(self._backend.cancel_job))

    async def rerun(self, *, key: str | None = None) -> Job[R]:
        """Run it again, whether it has ended or not: a new job with its operation, tags, timeout and retries.

        The new one starts now, and says in `record.terms.repeats` which it repeats. This one is not touched.

        Args:
            key: Your own name for the new job: asked again with it, there is no second one.

        Raises:
            UnknownJob: It was deleted.
            Conflict: It was private, and what was asked is written down nowhere; or the key is that of another job.
        """
        return Job(await self._portal.run(rerun(self._backend, self.id, key)), self._backend, self._portal)

    async def frame(self, of: Literal["events", "tokens", "rows", "vectors"] = "events") -> pd.DataFrame:
        """Its log as a pandas DataFrame: one row an event, a piece of the answer, a row of a batch, or a text.

        See `queenlib.frames`. It waits for the job's end; `queen.infer_frame` has what there is so far.

        Raises:
            InvalidRequest: There is no such kind of frame.
            Conflict: The pieces of a batch were asked for that was not asked with `pieces=True`.
        """
        from queenlib.columns.whole import check_kind, log_frame

        check_kind(of, self.record)
        return log_frame(of, [event async for event in self], self.record)

    def __repr__(self) -> str:
        record, stable = self.record, is_stable()
        reason = f" ({record.reason})" if record.reason and not stable else ""
        return f"<{head(record, stable=stable)}: {record.operation}, {record.state}{reason}>"

    def show(self) -> None:
        """Show it: in a notebook's cell by a view that follows it, on a terminal by what it says until it ends.

        `QUEENLIB_DISPLAY=live|update|static|text` chooses how. The last line of a cell shows a job by itself.
        """
        if self.record.state.ended and not self._portal.open:
            publish(self._repr_mimebundle_())  # nobody is left to ask, and nothing will change
        else:
            show(self)

    def _ipython_display_(self) -> None:
        if current_mode() is Mode.TEXT:
            show_line(self)
        else:
            self.show()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        return card(Snapshot(job=self.record), stable=is_stable())

    def _repr_html_(self) -> str:
        return str(self._repr_mimebundle_()["text/html"])
