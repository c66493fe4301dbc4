"""What a queen was in when she died: told from her log, the workers' journal and what was on its way, not from the aim."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from queenlib.engines.host.journal import digest
from queenlib.messages.events import Event, ProgressEvent
from queenlib.messages.state import State
from tests.faults.doomed import POINTS
from tests.faults.history import Folded, Log, Logged, Noted

AT_CREATE = ("creating", "created")
"""Points that are beside a transaction; the others are in one, or between it and the answer."""


def phases(
    log: Log, journal: Sequence[Noted], death: datetime, pending: Collection[tuple[str, object]], point: str
) -> frozenset[str]:
    """Every phase that a kill has hit; `queued` where nothing was worked on, but something waited for its start.

    Args:
        log: What the store says afterwards.
        journal: What the workers noted.
        death: A moment after it, before the next queen.
        pending: What had been asked for and was not answered: verbs, and the jobs where they are known.
        point: Where she died by her own hand; empty if she did not.
    """
    hit: set[str] = set()
    if point:
        assert point in POINTS
        hit.add("create" if point in AT_CREATE else "commit")
    if any(verb == "create" for verb, _ in pending):
        hit.add("create")
    generating = _generating(journal, death)
    unfinished = False
    for job_id, job in log.jobs.items():
        events = [event for event in job.events if event.at <= death]
        was = Folded.of(events)
        if not events or was.state.ended:
            continue
        unfinished = True
        hit |= set(_of_job(job, was, events, generating))
        if ("cancel", job_id) in pending:
            hit.add("cancel")
    return frozenset(hit or {"queued" if unfinished else "idle"})


def _generating(journal: Sequence[Noted], death: datetime) -> frozenset[str]:
    """The prompts that a worker had begun to answer, and had not answered; one whose queen dies notes that she has left."""
    at = [noted for noted in journal if noted.at <= death.timestamp()]
    return frozenset(noted.prompt for noted in at if noted.what == "start") - {
        noted.prompt for noted in at if noted.what == "end"
    }


def _of_job(job: Logged, was: Folded, events: Sequence[Event], generating: Collection[str]) -> Iterator[str]:
    match was.state:
        case State.CANCELLING:
            yield "cancel"
        case State.WAITING if was.reason.startswith("load"):
            yield "load"
        case State.RUNNING if job.record.operation == "infer" and not job.record.request["private"]:
            if digest(str(job.record.request["prompt"])) in generating:
                yield "decode" if was.tokens else "prefill"
        case State.RUNNING if job.record.operation == "worker_spawn" and isinstance(events[-1], ProgressEvent):
            yield "load"
