"""Where one reader is in the log of one job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from queenlib.messages.events import EndEvent, Event
from queenlib.messages.job import JobRecord
from queenlib.registry.run import Run
from queenlib.registry.shown import Piece, Shown
from queenlib.registry.store import Store

PAGE = 512
"""Events that a reader takes from the store at a time."""
SLOW_PAGE = 8
"""Events that one takes who could not take the last page in one go, at least."""


@dataclass(frozen=True)
class Logs:
    """Where logs are: those of jobs at work in memory, all of them in the store."""

    runs: Mapping[str, Run]
    store: Store
    ended: Callable[[str], Awaitable[JobRecord]]
    """The record of a job that is not at work; raises where it is gone, or has not ended."""

    def live(self, job_id: str) -> Shown | None:
        """What is shown of a job at work."""
        run = self.runs.get(job_id)
        return run.log.tail if run else None


class Cursor:
    """A place in a log. It holds no event: the newest are shared with all who read that log, older ones are in the store.

    Args:
        job_id: Whose log.
        after: The number of the last event that was taken.
        logs: Where logs are.
        page: Events that it takes from the store at a time.
    """

    __slots__ = ("_limit", "_logs", "_most", "_page", "_telling", "after", "job_id", "over")

    def __init__(self, job_id: str, after: int, logs: Logs, page: int = PAGE) -> None:
        self.job_id, self.after, self._logs = job_id, after, logs
        self.over = False
        """Whether the end was taken, or there is nothing to take any more."""
        self._most = self._limit = page
        self._page: Sequence[Event] = ()
        """What comes next, if it was looked at."""
        self._telling: Shown | None = None

    @property
    def complete(self) -> bool:
        """Whether no event comes after those that are there."""
        log = self._logs.live(self.job_id)
        return log is None or log.complete

    def newest(self) -> Sequence[Event] | None:
        """What comes next, from memory; empty where all was taken; `None` where `older` has to be asked."""
        log = self._logs.live(self.job_id)
        found = log.newest(self.after) if log else None
        return found if found or (log and not log.complete) else None

    def piece(self) -> Piece | None:
        """The first of it, encoded once for all who are at this place; else as `newest`."""
        log = self._logs.live(self.job_id)
        found = log.piece(self.after) if log else None
        return found if found is not None and (found.body or (log and not log.complete)) else None

    async def older(self) -> Sequence[Event]:
        """What comes next, from the store; empty where all was taken, be it for now or, if it is `over`, for good.

        Raises:
            StoreFailed: The store cannot be read, or has failed and what comes next could not be kept.
            UnknownJob: The job was deleted.
            StaleEpoch: A newer queen works on it.
        """
        log = self._logs.live(self.job_id)  # first: a job that ends meanwhile has all its events in the store
        page, self._page = self._page, ()
        if not page or page[0].seq != self.after + 1:
            page = await self._logs.store.read(self.job_id, self.after, self._limit)
        if log is None and not page:
            await self._logs.ended(self.job_id)
            self.over = True
        if log is None:
            return page
        kept = [event for event in page if event.seq <= log.record.last_seq]
        self.over = self.over or (not kept and log.over(self.after))
        return kept

    async def look(self) -> None:
        """Have the next page from the store at hand, if it is not in memory: what speaks against it is raised here."""
        if self.newest() is None:
            self._page = await self.older()

    def take(self, event: Event) -> None:
        """This event was taken."""
        self.after = event.seq
        if isinstance(event, EndEvent):
            self.over = True

    def left(self, came: int, taken: int) -> None:
        """Of a page of `came` events only `taken` were; the rest is read again, and the next page is no longer than that."""
        self._limit = self._most if taken == came else max(SLOW_PAGE, taken)

    def tell(self, told: Callable[[], None]) -> None:
        """Call this when there is more to take, or will be none, until `hush`."""
        if log := self._logs.live(self.job_id):
            log.tell(told)
            self._telling = log

    def hush(self, told: Callable[[], None]) -> None:
        """Call it no more."""
        if self._telling:
            self._telling.hush(told)
            self._telling = None
