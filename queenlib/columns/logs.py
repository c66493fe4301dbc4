"""Jobs and their logs as pandas DataFrames. Times are UTC; the unit of a number is in its column's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from queenlib.errors import Conflict
from queenlib.messages.base import Recovery
from queenlib.messages.events import Event, RowEvent, TokenEvent
from queenlib.messages.job import JobRecord
from queenlib.messages.parse import OPERATIONS

UTC = "datetime64[ns, UTC]"

JOB_COLUMNS = {
    "job_id": "string",
    "operation": "category",
    "state": "category",
    "model": "string",
    "created_at": UTC,
    "started_at": UTC,
    "ended_at": UTC,
    "queued_s": "Float64",
    "run_s": "Float64",
    "pieces": "Int64",
    "events": "Int64",
    "error": "string",
    "reason": "string",
    "tags": "string",
}
EVENT_COLUMNS = {"job_id": "string", "seq": "int64", "at": UTC, "type": "category", "text": "string", "data": "object"}
TOKEN_COLUMNS = {
    "job_id": "string",
    "i": "int64",
    "seq": "int64",
    "at": UTC,
    "channel": "category",
    "text": "string",
    "dt_ms": "float64",
    "t_ms": "float64",
}
ROW_TOKEN_COLUMNS = {"job_id": "string", "row": "int64", **TOKEN_COLUMNS}


def jobs_frame(records: Iterable[JobRecord], *, reads: bool = False) -> pd.DataFrame:
    """One row a job, newest first.

    Args:
        records: The jobs.
        reads: Show the jobs that only look at something (lists, status) as well.

    Returns:
        Columns: `job_id`, `operation`, `state`, `model` (asked for, else the queen's default; missing where none is used),
        `created_at`, `started_at`, `ended_at` (UTC; missing until then), `queued_s` (created to started, seconds), `run_s`
        (started to ended, seconds), `pieces` (of the answer), `events` (in its log), `error` (its class; missing for none),
        `reason` (of its state), `tags` (joined by commas; empty for none).
    """
    return _frame((_job_row(record) for record in records if reads or not _is_read(record)), JOB_COLUMNS)


def events_frame(events: Iterable[Event]) -> pd.DataFrame:
    """One row an event.

    Returns:
        Columns: `job_id`, `seq` (from 1), `at` (UTC), `type`, `text` (what it says to people), `data` (its data, a dict).
    """
    return _frame((_event_row(event) for event in events), EVENT_COLUMNS)


def tokens_frame(events: Iterable[Event]) -> pd.DataFrame:
    """One row a piece of the answer, as the engine sent it.

    Returns:
        Columns: `job_id`, `i` (number of the piece, from 0), `seq` (of the event that holds it), `at` (when that was
        written, UTC), `channel` (`content` or `reasoning`), `text`, `dt_ms` (since the piece before, or for the first since
        the request, milliseconds), `t_ms` (since the request, milliseconds; at `i` 0 it is the time to first token).
    """
    frame = _frame((row for event in events if isinstance(event, TokenEvent) for row in _token_rows(event)), TOKEN_COLUMNS)
    frame["t_ms"] = frame["dt_ms"].cumsum()
    return frame


def row_tokens_frame(events: Iterable[Event]) -> pd.DataFrame:
    """One row a piece of an answer of a batch, as the engine sent it.

    Returns:
        Columns: those of `tokens_frame`, and `row`: the number of the batch's row, from 0. In each row `i` and `t_ms` begin
        anew, and `seq` and `at` are those of its end. A row from the cache has the pieces of when it was made; none, if they
        were not kept then.
    """
    frame = _frame((row for event in events if isinstance(event, RowEvent) for row in _row_pieces(event)), ROW_TOKEN_COLUMNS)
    frame["t_ms"] = frame.groupby("row")["dt_ms"].cumsum()
    return frame


def check_pieces(request: Mapping[str, Any]) -> None:
    """See to it that a batch keeps when the pieces of its answers came.

    Raises:
        Conflict: It does not.
    """
    if not request.get("pieces"):
        raise Conflict(
            "The batch did not keep when the pieces of its answers came.",
            why="It is asked for by pieces=True, because it makes the log longer.",
            state="Its answers are there: await job.frame(of='rows')",
            next="Ask with pieces=True; rows that have an answer already are asked anew with cache='refresh'.",
        )


def _row_pieces(event: RowEvent) -> Iterator[dict[str, Any]]:
    thought, start = len(event.data.reasoning), 0
    text = event.data.reasoning + event.data.text
    for number, (cut, dt_ms) in enumerate(zip(event.data.cuts, event.data.dt_ms, strict=True)):
        yield {
            "job_id": event.job_id,
            "row": event.data.i,
            "i": number,
            "seq": event.seq,
            "at": event.at,
            "channel": "reasoning" if cut <= thought else "content",
            "text": text[start:cut],
            "dt_ms": dt_ms,
        }
        start = cut


def _is_read(record: JobRecord) -> bool:
    operation = OPERATIONS.get(record.operation)  # a later queen has more of them
    return operation is not None and operation.recovery is Recovery.READ


def _job_row(record: JobRecord) -> dict[str, Any]:
    def seconds(start: pd.Timestamp | None, end: pd.Timestamp | None) -> float | None:
        return (end - start).total_seconds() if start is not None and end is not None else None

    return {
        "job_id": record.id,
        "operation": record.operation,
        "state": record.state.value,
        "model": record.request.get("model"),
        "created_at": record.created_at,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "queued_s": seconds(record.created_at, record.started_at),  # type: ignore[arg-type]
        "run_s": seconds(record.started_at, record.ended_at),  # type: ignore[arg-type]
        "pieces": record.tokens,
        "events": record.last_seq,
        "error": record.error.kind if record.error else None,
        "reason": record.reason,
        "tags": ",".join(record.terms.tags),
    }


def _event_row(event: Event) -> dict[str, Any]:
    data = event.data.wire()
    return {"job_id": event.job_id, "seq": event.seq, "at": event.at, "type": event.type, "text": str(event), "data": data}


def _token_rows(event: TokenEvent) -> Iterator[dict[str, Any]]:
    start = 0
    for number, (cut, dt_ms) in enumerate(zip(event.data.cuts, event.data.dt_ms, strict=True)):
        yield {
            "job_id": event.job_id,
            "i": event.data.i + number,
            "seq": event.seq,
            "at": event.at,
            "channel": event.data.channel,
            "text": event.data.text[start:cut],
            "dt_ms": dt_ms,
        }
        start = cut


def _frame(rows: Iterable[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    table = list(rows)
    return pd.DataFrame({name: pd.Series([row.get(name) for row in table], dtype=kind) for name, kind in columns.items()})
