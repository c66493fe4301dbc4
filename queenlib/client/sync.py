"""`queen.sync`: the blocking twins of a queen's coroutines."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from queenlib.client.jobs import Jobs
from queenlib.client.sync_jobs import SyncJobs
from queenlib.messages.job import QueenInfo


class Sync:
    """The blocking twins of a queen's coroutines."""

    def __init__(self, info: Callable[[], Coroutine[Any, Any, QueenInfo]], jobs: Jobs) -> None:
        self._info, self._portal = info, jobs.portal
        self.jobs = SyncJobs(jobs)

    def info(self) -> QueenInfo:
        """Who answers."""
        return self._portal.wait(self._info())
