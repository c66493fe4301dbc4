"""What has to become of a job whose queen died under it, and what has become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from queenlib.messages.base import Recovery
from queenlib.messages.events import AttemptEvent, EndEvent
from queenlib.messages.parse import OPERATIONS
from queenlib.messages.state import State
from tests.faults.history import Folded, Log, Logged


def broken_fates(log: Log) -> Iterator[str]:
    """The jobs that had another fate than was promised, when a queen had died under them."""
    for job_id, job in log.jobs.items():
        for death in log.deaths:
            before = sum(event.at <= death for event in job.events)
            if 0 < before < len(job.events):
                promised, next_ = fate(job, before), job.events[before]
                if not _is(promised, next_):
                    was = Folded.of(job.events[:before])
                    yield f"fate {job_id}: {was.state} in attempt {was.attempt}, promised {promised}, came {next_.line!r}"


def fate(job: Logged, before: int) -> str:
    """What is promised to a job that had so many events when its queen died: `cancelled`, `lost`, `again` or `goes on`."""
    was, record = Folded.of(job.events[:before]), job.record
    if was.state.ended:
        return "nothing"
    if was.state is State.CANCELLING:
        return "cancelled" if was.reason == "cancel" else "lost"
    if record.request.get("private"):
        return "lost"
    if was.state is State.QUEUED:
        return "goes on"
    read_or_converging = OPERATIONS[record.operation].recovery is not Recovery.ONCE
    if read_or_converging or was.state is State.WAITING or was.attempt <= record.terms.retry:
        return "again"
    return "lost"


def _is(promised: str, event: object) -> bool:
    match event:
        case EndEvent(data=data):
            died = data.state is State.LOST and data.reason == "queen_died" and data.epoch is not None
            cancelled = data.state is State.CANCELLED
            return {"lost": died, "cancelled": cancelled, "goes on": not died}.get(promised, False)
        case AttemptEvent(data=data):
            return promised == "again" and data.reason == "queen_died"
    return promised == "goes on"


def fates(log: Log) -> Counter[str]:
    """How many jobs had which fate."""
    found: Counter[str] = Counter()
    for job in log.jobs.values():
        for death in log.deaths:
            before = sum(event.at <= death for event in job.events)
            if 0 < before < len(job.events):
                found[fate(job, before)] += 1
    return found
