"""Jobs, as they are spoken of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from queenlib import tables
from queenlib.messages.base import Count, Message, Result, Utc
from queenlib.messages.events import Problem
from queenlib.messages.state import State

Start = Literal["now", "on_stream"]
"""When a job starts: as soon as it is created, or when its stream is first asked for."""


class JobTicket(Message):
    """What one gets for an operation: the job's id, and where its stream is."""

    job_id: str
    sse_url: str
    """Relative to the queen's address."""


class JobRecord(Message):
    """One job, as its log says it is."""

    id: str
    operation: str
    """The operation's name on the wire."""
    request: dict[str, Any]
    """The whole operation."""
    state: State
    reason: str = ""
    """Why it is in this state; for one that waits, what it waits for."""
    since: Utc
    """When it came into this state."""
    created_at: Utc
    started_at: Utc | None = None
    ended_at: Utc | None = None
    last_seq: Count
    """The number of the last event in its log."""
    tokens: Count = 0
    """Pieces of its answer so far."""
    error: Problem | None = None
    result: dict[str, Any] | None = None
    """Left out of lists."""


_COLUMNS = ("job", "operation", "state", "reason", "created")


class JobListing(Result):
    """A page of jobs, newest first."""

    jobs: tuple[JobRecord, ...]
    next: str | None = None
    """The cursor of the page after this one; `None` on the last."""

    def _rows(self) -> Iterator[tables.Row]:
        for job in self.jobs:
            error = job.error.kind if job.error else ""
            yield job.id, job.operation, job.state, job.reason or error, tables.moment(job.created_at)

    def __str__(self) -> str:
        return tables.text(_COLUMNS, self._rows()) if self.jobs else "no jobs"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return tables.html(
            f"{len(self.jobs)} {'job' if len(self.jobs) == 1 else 'jobs'}, newest first", _COLUMNS, self._rows()
        )


class QueenInfo(Result):
    """Who answers."""

    version: str
    api: str = "v1"
    pid: Count
    started_at: Utc
    operations: tuple[str, ...]
    """The operations that it takes, by their names on the wire."""
    default_model: str
    """The model of an `infer` that names none."""
