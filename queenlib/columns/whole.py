"""A job's whole log as a DataFrame, of one kind or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from queenlib.columns.logs import check_pieces, events_frame, row_tokens_frame, tokens_frame
from queenlib.columns.rows import rows_frame, rows_of
from queenlib.columns.vectors import vectors_frame, vectors_of
from queenlib.errors import Conflict, InvalidRequest
from queenlib.messages.events import Event
from queenlib.messages.job import JobRecord

KINDS = ("events", "tokens", "rows", "vectors")
"""What a log can be made a DataFrame of."""
OF: Mapping[str, tuple[str, ...]] = {
    "infer": ("events", "tokens"),
    "infer_batch": ("events", "tokens", "rows"),
    "embed": ("events", "vectors"),
}
"""Which of them there are of a job, by its operation; of any other there are events."""


def check_kind(of: str, record: JobRecord) -> None:
    """See to it that there is such a frame of this job.

    Raises:
        InvalidRequest: There is no such kind.
        Conflict: The job has nothing of the kind, or the pieces of a batch are asked for that did not keep when they came.
    """
    if of not in KINDS:
        raise InvalidRequest(
            f"There is no frame of {of!r}.",
            why=f"A log is made one of {', '.join(KINDS)}.",
            state="Nothing was done.",
            next="For example: await job.frame(of='events')",
        )
    kinds = OF.get(record.operation, ("events",))
    if of not in kinds:
        raise Conflict(
            f"There is no frame of {of!r} of {record.id}: it is a job of {record.operation}.",
            why=f"The log of such a job is made one of {', '.join(kinds)}.",
            state="Nothing was done.",
            next=f"For example: await job.frame(of={kinds[-1]!r})",
        )
    if of == "tokens" and record.operation == "infer_batch":
        check_pieces(record.request)


def log_frame(of: str, events: Sequence[Event], record: JobRecord) -> pd.DataFrame:
    """These events as a DataFrame of a kind that `check_kind` lets pass: see the modules beside this one."""
    request, count = record.request, int(record.request.get("rows") or 0)
    match of:
        case "vectors":
            return vectors_frame(vectors_of(events), count)
        case "rows":
            shares = bool(request.get("probabilities"))
            return rows_frame(rows_of(events), count, request.get("json_schema"), probabilities=shares)
        case "tokens":
            return row_tokens_frame(events) if record.operation == "infer_batch" else tokens_frame(events)
    return events_frame(events)
