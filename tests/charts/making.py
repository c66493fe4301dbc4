"""Rows of a batch, as frames that can be drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from queenlib.columns.rows import rows_frame, rows_of
from queenlib.messages.answer import FinishReason, Usage
from queenlib.messages.events import Problem, RowEvent
from queenlib.messages.row import RowData
from tests.display.making import AT

FAILED = Problem(kind="MissingCell", what="There is nothing in it.")


def row(i: int, end_s: float, *, ttft_ms: float = 100, decode_ms: float = 900, tokens: int = 10, **more: Any) -> RowEvent:
    """A row that ended so many seconds after the test's time."""
    usage = Usage(prompt_tokens=1, cached_tokens=0, completion_tokens=tokens)
    speed = 1000 * (tokens - 1) / decode_ms if tokens > 1 and decode_ms else None
    known = {"finish_reason": FinishReason.STOP, "usage": usage, "worker_id": "worker-a", "hive_id": "local", **more}
    data = RowData(i=i, text="x", ttft_ms=ttft_ms, decode_ms=decode_ms, tokens_per_s=speed, **known)
    return RowEvent(job_id="job-a", seq=i + 2, at=AT + timedelta(seconds=end_s), data=data)


def unanswered(i: int) -> RowEvent:
    """A row that failed before anybody was asked."""
    return RowEvent(job_id="job-a", seq=i + 2, at=AT, data=RowData(i=i, error=FAILED, attempts=0))


def drawable(*events: RowEvent, count: int = 0, schema: dict[str, Any] | None = None) -> pd.DataFrame:
    """The frame of them, and of rows that have not ended if there are to be more."""
    return rows_frame(rows_of(events), count or len(events), schema)


FRAMES = {
    "none": drawable(),
    "not ended": drawable(count=3),
    "all failed": drawable(unanswered(0), unanswered(1)),
    "all cached": drawable(row(0, 1, cached=True)),
    "one": drawable(row(0, 1)),
    "one token": drawable(row(0, 1, tokens=1, decode_ms=0)),
    "in no time": drawable(row(0, 0, ttft_ms=0, decode_ms=0, tokens=1)),
    "cut off": drawable(row(0, 1, error=FAILED), row(1, 1, worker_id="worker-b")),
    "all kinds": drawable(row(0, 1), row(1, 1, cached=True), unanswered(2), row(3, 4, ttft_ms=3000), count=5),
}
"""Frames of each kind: whatever is drawn of them, it must not fail."""
EMPTY = {"none", "not ended", "all failed"}
"""Those that nothing can be drawn of."""
