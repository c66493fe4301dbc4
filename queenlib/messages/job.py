"""Jobs, as they are spoken of."""

from __future__ import annotations

from typing import Any

from queenlib.messages.base import Count, Message, Result, Utc
from queenlib.messages.events import Problem
from queenlib.messages.state import State


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


class JobListing(Result):
    """A page of jobs, newest first."""

    jobs: tuple[JobRecord, ...]
    next: str | None = None
    """The cursor of the page after this one; `None` on the last."""


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
