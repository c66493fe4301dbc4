"""Jobs so far, for those who come late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from queenlib.messages.job import JobRecord
from queenlib.messages.snapshot import Snapshot
from queenlib.registry.cursor import Cursor, Logs
from queenlib.registry.sofar import SoFar


class Snapshots:
    """Folds logs up to what is kept of them; those of one job at work go on from each other.

    Args:
        logs: Where logs are.
        get: The record of a job, as it is kept.
    """

    def __init__(self, logs: Logs, get: Callable[[str], Awaitable[JobRecord]]) -> None:
        self._logs, self._get = logs, get

    async def take(self, job_id: str) -> Snapshot:
        """That of a job; a unique prefix of its id will do.

        Raises:
            UnknownJob: There is no such job.
            StoreFailed: Its log cannot be read.
        """
        job_id = (await self._get(job_id)).id
        log = self._logs.live(job_id)
        so_far = log.so_far if log else SoFar()
        async with so_far.turn:
            record = await self._get(job_id)
            cursor = Cursor(job_id, so_far.seq, self._logs)
            while left := record.last_seq - cursor.after:
                for event in (cursor.newest() or await cursor.older())[:left]:
                    cursor.take(event)
                    so_far.take(event)
            return so_far.snapshot(record)
