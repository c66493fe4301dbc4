"""Results of private jobs: written down nowhere, and known as long as their queen lives."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from queenlib.messages.job import JobRecord

MOST = 1000
"""Private results that are held in memory: the newest."""


class Untold:
    """The newest private results."""

    def __init__(self) -> None:
        self._results: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def keep(self, job_id: str, result: dict[str, Any] | None) -> None:
        """Hold the result of a job that has ended, if it had one that is written down nowhere."""
        if result is not None:
            self._results[job_id] = result
            if len(self._results) > MOST:
                self._results.popitem(last=False)

    def forget(self, job_id: str) -> None:
        """Know it no more."""
        self._results.pop(job_id, None)

    def tell(self, record: JobRecord, result: dict[str, Any] | None = None) -> JobRecord:
        """A record with its result, if it is `result` or one that is held."""
        result = self._results.get(record.id) if result is None else result
        return record if result is None or record.result is None else record.model_copy(update={"result": result})
