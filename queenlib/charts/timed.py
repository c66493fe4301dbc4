"""What a frame of a batch's rows says about time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from queenlib.errors import InvalidRequest

_READ: Mapping[str, Callable[[pd.Series[Any]], pd.Series[Any]]] = {
    "ttft_ms": lambda found: _number(found),
    "tokens_per_s": lambda found: _number(found),
    "completion_tokens": lambda found: _number(found).fillna(0),
    "worker_id": lambda found: found.astype("string").fillna(""),
    "cached": lambda found: found.astype("boolean").fillna(False).astype(bool),
    "error": lambda found: found.notna(),
}
"""The columns of `queenlib.columns.rows` that are needed, and how each becomes one without a missing value, or a float."""


@dataclass(frozen=True)
class Timed:
    """The rows of a batch that were timed."""

    rows: pd.DataFrame
    """A row each: `ttft_ms`, `decode_ms` (from the first piece of the answer to the last), `tokens`, `worker_id`, `cached`
    and `failed`; from `placed` also `start_s`, `first_s` and `end_s`: the request, the first piece and the end, in seconds
    since `since`."""
    count: int
    """How many rows the frame has."""
    left_out: Mapping[str, int]
    """How many of them are not in `rows`, by why."""
    since: pd.Timestamp | None = None
    """When the first of the rows was asked; UTC."""

    @property
    def note(self) -> str:
        """What is there, and what is not, in a line for people."""
        parts = [f"{count:,} {why}" for why, count in self.left_out.items() if count]
        if cached := int(self.rows["cached"].sum()):
            parts.insert(0, f"{cached:,} from cache, as they were when they were made")
        return "; ".join([f"{len(self.rows):,} of {counted(self.count)}", *parts])


def counted(rows: int) -> str:
    """So many rows, in words."""
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


def timed(frame: pd.DataFrame, prefix: str = "") -> Timed:
    """Those rows that say how long they took, wherever the answer came from.

    Args:
        frame: What `await job.frame(of="rows")` gives, or `await queen.infer_frame(…, stats=True)`.
        prefix: What stands before the names of its columns, as it was given to `infer_frame`.

    Raises:
        InvalidRequest: It is no such frame.
    """
    rows = _read(frame, prefix)
    has_time = rows["ttft_ms"].notna()
    left_out = {"failed before an answer began": _sum(~has_time & rows["failed"])}
    left_out["not timed"] = _sum(~has_time & ~rows["failed"])
    return Timed(rows[has_time].reset_index(drop=True), len(rows), left_out)


def placed(frame: pd.DataFrame, prefix: str = "") -> Timed:
    """Those rows that say how long they took and when, and that were asked in this batch: what is cached is of earlier.

    Args:
        frame: What `await job.frame(of="rows")` gives.
        prefix: What stands before the names of its columns.

    Raises:
        InvalidRequest: It is no such frame.
    """
    rows = _read(frame, prefix)
    at = pd.to_datetime(_column(frame, prefix, "at"), utc=True).reset_index(drop=True)
    has_time = rows["ttft_ms"].notna() & at.notna()
    left_out = {
        "from cache left out": _sum(rows["cached"]),
        "failed before an answer began": _sum(~has_time & rows["failed"] & ~rows["cached"]),
        "not timed": _sum(~has_time & ~rows["failed"] & ~rows["cached"]),
    }
    kept = has_time & ~rows["cached"]
    rows, at = rows[kept].reset_index(drop=True), at[kept].reset_index(drop=True)
    since = None
    if len(rows):
        took_s = (rows["ttft_ms"] + rows["decode_ms"]) / 1000
        end_s = (at - at.min()).dt.total_seconds()
        first = float((end_s - took_s).min())
        since = at.min() + pd.Timedelta(seconds=first)
        rows["end_s"] = end_s - first
        rows["start_s"] = rows["end_s"] - took_s
        rows["first_s"] = rows["start_s"] + rows["ttft_ms"] / 1000
    return Timed(rows, len(frame), left_out, since)


def _read(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    found = {name: read(_column(frame, prefix, name)) for name, read in _READ.items()}
    rows = pd.DataFrame({name: each.reset_index(drop=True) for name, each in found.items()})
    rows = rows.rename(columns={"completion_tokens": "tokens", "error": "failed"})
    after_first_ms = 1000 * (rows["tokens"] - 1) / rows["tokens_per_s"].where(rows["tokens_per_s"] > 0)
    rows["decode_ms"] = after_first_ms.clip(lower=0).fillna(0)  # the rate is missing where less than two tokens came
    return rows


def _column(frame: Any, prefix: str, name: str) -> pd.Series[Any]:
    if not isinstance(frame, pd.DataFrame):
        raise _refused(f"This is {type(frame).__name__}, and no DataFrame.")
    own = (f"{prefix}{name}", f"{prefix}row_{name}")  # the second where a field of the schema is called like the first
    places = [at for at, each in enumerate(frame.columns) if each in own]
    if not places:
        raise _refused(f"The frame has no column {own[0]!r}.")
    return frame.iloc[:, places[-1]]  # a field stands before what the row took


def _refused(what: str) -> InvalidRequest:
    return InvalidRequest(
        what,
        why="A plot is of the rows of a batch, with what each took; of what has a time, with when it ended.",
        state="Nothing was drawn.",
        next="rows = await job.frame(of='rows'), where job is a batch; of queen.infer_frame(…) it is its .job",
    )


def _number(found: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_numeric(found, errors="coerce").astype("Float64").astype("float64")


def _sum(chosen: pd.Series[Any]) -> int:
    return int(chosen.sum())
