"""A job is the fold of its log: these functions are the only way in which a record comes to be."""

from __future__ import annotations

from typing import Any

from queenlib.messages.base import Operation
from queenlib.messages.events import (
    AttemptEvent,
    EndEvent,
    Event,
    LogEvent,
    MetricsEvent,
    ProgressEvent,
    ResultEvent,
    RowEvent,
    StateEvent,
    TokenEvent,
    VectorsEvent,
)
from queenlib.messages.job import USUAL, JobRecord, Terms
from queenlib.messages.state import State
from queenlib.registry.states import step

PLAIN = (LogEvent, MetricsEvent, ProgressEvent, RowEvent, VectorsEvent)
"""Events that change nothing of a record but how long its log is."""


def begin(operation: Operation, event: StateEvent, terms: Terms = USUAL, epoch: int = 0) -> JobRecord:
    """The record of a new job, from its operation, its terms, the queen's epoch and the first event of its log."""
    assert event.seq == 1
    assert event.data.state is State.QUEUED
    return JobRecord(
        id=event.job_id,
        operation=operation.operation,
        request=operation.kept().wire(),
        state=State.QUEUED,
        reason=event.data.reason,
        since=event.at,
        created_at=event.at,
        last_seq=1,
        terms=terms,
        epoch=epoch,
    )


def fold(record: JobRecord, event: Event) -> JobRecord:
    """The record after one more event.

    Raises:
        IllegalTransition: If the event's state may not follow the record's.
    """
    assert (event.job_id, event.seq) == (record.id, record.last_seq + 1), (
        f"{event.job_id} {event.seq} after {record.last_seq}"
    )
    return record.model_copy(update={"last_seq": event.seq, **_changes(record, event)})


def advance(record: JobRecord, last_seq: int, tokens: int = 0) -> JobRecord:
    """The record after more events up to number `last_seq`: `PLAIN` ones, and so many pieces of an answer."""
    return record.model_copy(update={"last_seq": last_seq, "tokens": record.tokens + tokens})


def _changes(record: JobRecord, event: Event) -> dict[str, Any]:
    match event:
        case TokenEvent(data=data):
            return {"tokens": record.tokens + len(data.cuts)}
        case StateEvent(data=data):
            started = record.started_at or (event.at if data.state is State.RUNNING else None)
            return {**_step(record, event, data.state, data.reason), "started_at": started}
        case AttemptEvent(data=data):
            again = _step(record, event, State.QUEUED, data.reason)
            return {**again, "attempt": data.n, "tokens": 0, **_raise(record, event, data.epoch)}
        case ResultEvent(data=data):
            return {"result": data.result}
        case EndEvent(data=data):
            assert data.state.ended
            ended = {"ended_at": event.at, "error": data.error, **_raise(record, event, data.epoch or record.epoch)}
            return {**_step(record, event, data.state, data.reason), **ended}
    return {}


def _raise(record: JobRecord, event: Event, epoch: int) -> dict[str, Any]:
    return {"epoch": epoch, "epoch_seq": event.seq} if epoch > record.epoch else {}


def _step(record: JobRecord, event: Event, state: State, reason: str) -> dict[str, Any]:
    return {"state": step(record.id, record.state, state), "reason": reason, "since": event.at}
