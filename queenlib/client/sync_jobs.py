"""`queen.sync.jobs`: the verbs of jobs for code that does not await."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from queenlib.client.calls import Twin, twin
from queenlib.client.jobs import Jobs
from queenlib.client.lines import LineMaker
from queenlib.messages.events import Event
from queenlib.messages.filter import Filters

if TYPE_CHECKING:
    import pandas as pd


class SyncJobs(Twin[Jobs]):
    """The blocking twins of `queen.jobs`."""

    create = twin(Jobs.create)
    get = twin(Jobs.get)
    snapshot = twin(Jobs.snapshot)
    result = twin(Jobs.result)
    cancel = twin(Jobs.cancel)
    rerun = twin(Jobs.rerun)
    cancel_all = twin(Jobs.cancel_all)
    delete = twin(Jobs.delete)
    prune = twin(Jobs.prune)
    list = twin(Jobs.list)
    _records = twin(Jobs._records)

    @overload
    def stream(self, job_id: str, after: int = 0, *, lines: Literal[False] = False) -> Iterator[Event]: ...
    @overload
    def stream(self, job_id: str, after: int = 0, *, lines: Literal[True]) -> Iterator[str]: ...
    def stream(self, job_id: str, after: int = 0, *, lines: bool = False) -> Iterator[Any]:
        """A job's events, or with `lines=True` its lines of text, up to its end; see `Jobs.stream`."""
        maker = LineMaker()
        for event in self._verbs._feed(job_id, after):
            yield from maker.feed(event) if lines else (event,)

    def follow(self, jobs: Mapping[str, int] | Iterable[str]) -> Iterator[Event]:
        """The events of several jobs on one line; see `Jobs.follow`."""
        return iter(self._verbs._follow(jobs))

    def frame(self, *, limit: int = 10_000, **wanted: Unpack[Filters]) -> pd.DataFrame:
        """Jobs as a pandas DataFrame; see `Jobs.frame`."""
        from queenlib.columns.logs import (
            jobs_frame,  # here, and not on the portal: building a table takes time, and jobs run there
        )

        return jobs_frame(self._records(limit, **wanted), reads=True)
