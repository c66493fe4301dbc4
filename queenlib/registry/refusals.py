"""The errors of what a registry refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from queenlib.errors import InUse, InvalidRequest, QueenDraining, QueueFull, StreamBeyondEnd, UnknownJob
from queenlib.messages.job import JOB_PATTERN, JobRecord
from queenlib.registry.store import stale

SHORTEST = 4
"""Characters of an id's random part that are a prefix of it."""


def unknown_job(job_id: object, alike: Sequence[str] = ()) -> UnknownJob:
    """There is no one job of that name; `alike` are ids that begin with it."""
    return UnknownJob(
        f"There is no one job {job_id!r:.80}.",
        why=f"Several begin like that, such as {alike[0]}." if alike else _no_job(job_id),
        state="Nothing was done.",
        next="List them: await queen.jobs.list()",
    )


def _no_job(job_id: object) -> str:
    if not isinstance(job_id, str) or not re.fullmatch(JOB_PATTERN, job_id):
        return "No id looks like that: it is text, of letters, digits and hyphens."
    if len(job_id.removeprefix("job-")) < SHORTEST:
        return f"No job has that id; the beginning of one has {SHORTEST} characters or more behind job-."
    return "No job has that id or begins like that."


def check_cursor(record: JobRecord, after: int) -> None:
    """Raise if a log cannot be read on from there.

    Raises:
        InvalidRequest: `after` is below 0.
        StreamBeyondEnd: `after` is past the last event.
    """
    state, remedy = "Nothing was sent.", f"Read from the start: jobs.stream({record.id!r})."
    if not isinstance(after, int) or after < 0:  # whoever calls from a notebook may say anything
        raise InvalidRequest(f"after is {after!r:.80}; events are numbered from 1.", state=state, next=remedy)
    if after > record.last_seq:
        what = f"{record.id} has {record.last_seq} events; the cursor says {after}."
        raise StreamBeyondEnd(what, state=state, next=remedy, last_seq=record.last_seq)


def has_ended(record: JobRecord, epoch: int) -> JobRecord:
    """A job that is not at work here, in the queen of number `epoch`: it has ended.

    Raises:
        StaleEpoch: It has not: a newer queen works on it.
    """
    if not record.state.ended:
        raise stale(epoch, max(record.epoch, epoch + 1))
    return record


def in_use(job_id: str) -> InUse:
    """A job that is at work is not deleted."""
    return InUse(
        f"{job_id} has not ended.",
        why="What is at work is never deleted.",
        state="Nothing was removed.",
        next=f"Cancel it first: await jobs.cancel({job_id!r})",
    )


def queue_full(unfinished: int, retry_after_s: float, *, closed: bool) -> QueueFull:
    """There is no room for another job; with the time to come again, in seconds."""
    why = "The queen is being closed." if closed else f"{unfinished:,} jobs have not ended; that is the limit."
    return QueueFull(
        "The queen takes no further job now.",
        why=why,
        state="No job was made.",
        next=f"Come again in {retry_after_s:g} s.",
        retry_after_s=retry_after_s,
    )


def draining(unfinished: int, retry_after_s: float) -> QueenDraining:
    """A queen who ends takes no further job; with the time until she has, in seconds."""
    jobs = f"{unfinished:,} {'job' if unfinished == 1 else 'jobs'}"
    return QueenDraining(
        "The queen ends, and takes no further job.",
        why=f"She was told to; {jobs} may still end first.",
        state="No job was made.",
        next=f"Come again in {retry_after_s:.0f} s, to the queen after her: Queen()",
        retry_after_s=retry_after_s,
    )
