"""A job so far: what somebody who comes late wants to know before following it."""

from __future__ import annotations

from pydantic import Field

from queenlib.messages.base import Result
from queenlib.messages.batch import Tally
from queenlib.messages.events import Log, Progress
from queenlib.messages.job import JobRecord
from queenlib.messages.row import RowData

LINES = 20
"""The newest lines of its log that a snapshot has."""
LATEST = 8
"""The newest rows of a batch that it has."""


class Snapshot(Result):
    """What the log of a job tells up to event number `job.last_seq`; whoever follows from there misses nothing."""

    job: JobRecord
    """The job as it was then."""
    text: str = ""
    """The answer so far, in this attempt."""
    reasoning: str = ""
    """The thoughts before it so far."""
    progress: tuple[Progress, ...] = ()
    """The newest of each thing that is or was under way, in the order in which they began."""
    lines: tuple[Log, ...] = ()
    """The newest lines for people, up to 20."""
    metrics: dict[str, float] = Field(default_factory=dict)
    """The newest of each number about the work."""
    tally: Tally | None = None
    """Of a batch: what has become of its rows; `None` before the first has ended."""
    latest: tuple[RowData, ...] = ()
    """Of a batch: the rows that ended last, up to 8, in the order in which they did."""

    def __str__(self) -> str:
        return self.text
