"""Jobs, as they are spoken of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from queenlib import tables
from queenlib.messages.base import Bytes, Count, Message, Result, Utc
from queenlib.messages.events import Problem
from queenlib.messages.listing import Listing
from queenlib.messages.state import State

Start = Literal["now", "on_stream"]
"""When a job starts: as soon as it is created, or when its stream is first asked for."""


KEY_PATTERN = r"^[!-~]{1,255}$"
"""Keys of jobs: 1 to 255 visible ASCII characters."""

Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]

RETRIES = 100
"""So many further attempts a job may be given at most."""

JOB_PATTERN = r"^[0-9A-Za-z-]{1,64}$"
"""Ids of jobs, and their beginnings."""

TAG_PATTERN = r"^[^\s,\x00-\x1f\x7f]([^,\x00-\x1f\x7f]{0,62}[^\s,\x00-\x1f\x7f])?$"
"""Tags of jobs: 1 to 64 characters; no comma, no control character, and no blank first or last."""

Tag = Annotated[str, StringConstraints(pattern=TAG_PATTERN)]

TAGS = 16
"""So many tags a job may have at most."""

TIMEOUT_S = 10**9
"""The longest time that a job may be given, in seconds: thirty years."""


def _set_of(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


Tags = Annotated[tuple[Tag, ...], Field(max_length=TAGS), AfterValidator(_set_of)]
"""Tags are a set: their order and how often one is named say nothing."""


class Terms(Message):
    """What is agreed about a job beside its operation."""

    start: Start = "now"
    """When it starts."""
    key: Key | None = None
    """Its creator's own name for it: whoever creates it again with this key gets this job, and no second one."""
    retry: Annotated[int, Field(ge=0, le=RETRIES)] = 0
    """How often an inference that was cut off, by the death of its worker or of its queen, is run again."""
    tags: Tags = ()
    """Its creator's own words for it, to find it and its like by."""
    timeout: Annotated[float, Field(ge=0.001, le=TIMEOUT_S)] | None = None
    """Seconds from when it was accepted until it has to have ended, all attempts and waiting included."""
    repeats: Annotated[str, StringConstraints(pattern=JOB_PATTERN)] | None = None
    """The job that it does again, by its id."""

    def query(self) -> dict[str, Any]:
        """What of this is not as usual, as the fields of a query; a tag may be there several times.

        Not the key, which goes in a header.
        """
        said = self.model_dump(exclude_defaults=True, exclude={"key"})
        tags = {"tag": list(said.pop("tags"))} if "tags" in said else {}
        return {name: str(value) for name, value in said.items()} | tags


USUAL = Terms()
"""What is agreed where nothing is said."""


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
    """Pieces of its answer so far, in this attempt."""
    terms: Terms = USUAL
    attempt: Annotated[int, Field(ge=1)] = 1
    """Which attempt this is."""
    epoch: Count = 0
    """The start of the queen, counted from 1, that works on it, or did last."""
    epoch_seq: Annotated[int, Field(ge=1)] = 1
    """The number of the event that this epoch began with."""
    error: Problem | None = None
    result: dict[str, Any] | None = None
    """Left out of lists."""


class CreatedJob(JobTicket):
    """A ticket, and with it the job as it is: who has it need not ask."""

    job: JobRecord

    def ticket(self) -> JobTicket:
        """What is told of it to somebody who did not ask for more."""
        return JobTicket(job_id=self.job_id, sse_url=self.sse_url)


class JobListing(Listing):
    """A page of jobs, newest first."""

    _noun = "job"
    _columns = ("job", "operation", "state", "reason", "created")
    _order = ", newest first"
    jobs: tuple[JobRecord, ...]
    next: str | None = None
    """The cursor of the page after this one; `None` on the last."""

    def _count(self) -> int:
        return len(self.jobs)

    def _rows(self) -> Iterator[tables.Row]:
        for job in self.jobs:
            error = job.error.kind if job.error else ""
            yield job.id, job.operation, job.state, job.reason or error, tables.moment(job.created_at)


class QueenInfo(Result):
    """Who answers."""

    version: str
    protocol: Count = 1
    """What she speaks; who speaks something else is refused."""
    api: str = "v1"
    pid: Count
    started_at: Utc
    operations: tuple[str, ...]
    """The operations that it takes, by their names on the wire."""
    default_model: str
    """The model of an `infer` that names none."""
    unfinished: Mapping[str, Count] = {}
    """How many jobs have not ended, by their state."""
    draining: bool = False
    """Whether she takes no further job, because she ends."""


class PrunedJob(Message):
    """A job that retention removes."""

    id: str
    operation: str
    ended_at: Utc
    size: Bytes
    """What its log, its request and its result take, in bytes."""


class Pruned(Result):
    """What retention removed, or would."""

    dry_run: bool
    """Whether nothing was removed."""
    jobs: tuple[PrunedJob, ...]
    size: Bytes
    """What they take together, in bytes."""

    def __str__(self) -> str:
        deed = "would be removed" if self.dry_run else "removed"
        return f"{len(self.jobs):,} {'job' if len(self.jobs) == 1 else 'jobs'} {deed}, {tables.size(self.size)}"

    def __repr__(self) -> str:
        return f"<Pruned: {self}>"
