"""The jobs of a queen, for those who watch them."""

from __future__ import annotations

from collections.abc import Sequence

from queenlib.boards.board import Board
from queenlib.messages.filter import JobFilter
from queenlib.messages.job import JobRecord
from queenlib.registry.log import JobLog
from queenlib.registry.store import Store
from queenlib.world import World

PACE_S = 0.1
"""Seconds in which what changes is told together."""


class JobBoard(Board[JobRecord]):
    """Notes how each job changes, as it is kept; results are left out, as of lists."""

    def follow(self, log: JobLog) -> None:
        """Note all that this log shows from now on."""
        log.tail.tell(lambda: self._note(log))

    def _note(self, log: JobLog) -> None:
        if log.made:
            record = log.shown
            self.put(record.id, record if record.result is None else record.model_copy(update={"result": None}))


class WatchedJobs:
    """Jobs that are wanted; satisfies `queenlib.boards.watching.Watchable`.

    Args:
        board: Where their changes are noted.
        store: Where all of them are.
        wanted: Which of them.
        limit: How many the list has at most, the newest.
        world: Whose clock bounds how often changes are told.
    """

    def __init__(self, board: JobBoard, store: Store, wanted: JobFilter, limit: int, world: World) -> None:
        self.board = board
        self._store, self._wanted, self._limit, self._world = store, wanted, limit, world

    async def whole(self) -> tuple[int, Sequence[JobRecord]]:
        """See `Watchable.whole`; oldest first."""
        number = self.board.number  # first: what changes while the list is read is told after it
        page = await self._store.page(self._limit, None, self._wanted)
        return number, page.jobs[::-1]

    async def news(self, number: int) -> None:
        """See `Watchable.news`."""
        await self.board.beyond(number)
        await self._world.sleep(PACE_S)

    def sieve(self, record: JobRecord) -> bool | None:
        """Whether a job is wanted: `None` for one that never can be."""
        return self._wanted.admits(record) or (False if self._wanted.lasting.admits(record) else None)
