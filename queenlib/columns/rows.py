"""The rows of a batch as a DataFrame."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from queenlib.columns.logs import UTC
from queenlib.columns.typed import Field, fields
from queenlib.messages.answer import FinishReason
from queenlib.messages.events import Event, RowEvent
from queenlib.messages.json_schema import choices
from queenlib.messages.row import RowData

STATS: Mapping[str, Any] = {
    "ttft_ms": "Float64",
    "tokens_per_s": "Float64",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "finish_reason": pd.CategoricalDtype([str(each) for each in FinishReason]),
    "worker_id": "string",
    "hive_id": "string",
    "attempts": "Int64",
    "cached": "boolean",
}
"""What each row took, and who answered it. `ttft_ms` is milliseconds, `tokens_per_s` the rate after the first token."""


def rows_of(events: Iterable[Event]) -> dict[int, RowEvent]:
    """The rows among these events, by their numbers."""
    return {event.data.i: event for event in events if isinstance(event, RowEvent)}


def names(schema: Mapping[str, Any] | None, *, stats: bool, probabilities: bool = False) -> list[str]:
    """The columns that `answers` makes."""
    return [str(name) for name in answers({}, pd.RangeIndex(0), schema, stats=stats, probabilities=probabilities)]


def answers(
    rows: Mapping[int, RowData],
    index: pd.Index,
    schema: Mapping[str, Any] | None,
    *,
    stats: bool = False,
    probabilities: bool = False,
) -> pd.DataFrame:
    """One row for each entry of the index, in its order; missing where there is no answer, or none yet.

    Args:
        rows: The rows that have ended, by their numbers.
        index: That of the frame that was asked about; it may have anything twice.
        schema: That of the batch.
        stats: Say what each row took as well.
        probabilities: Say how likely each choice was as well.

    Returns:
        Columns: without a schema `answer` (string), else one for each of its fields (see `queenlib.columns.typed`); with
        `probabilities` one `p_…` for each text to choose from (Float64, from 0 to 1, missing where nobody says); `error`
        (string: its class and what it says, or which number its column cannot hold; missing where there is none); and with
        `stats` those of `STATS`. What is not of the schema has `row_` before its name where a field is called like it.
    """
    inorder = [rows.get(i) for i in range(len(index))]
    errors = [_error(row) for row in inorder]
    if schema is None:
        texts = [None if row is None or row.finish_reason is None else row.text for row in inorder]
        made = {"answer": pd.Series(texts, dtype="string")}
    else:
        parsed = [None if row is None or row.error else row.parsed for row in inorder]
        columns = fields(schema)
        made = {field.name: field.series(parsed) for field in columns}
        errors = [error or _unheld(columns, answer) for error, answer in zip(errors, parsed, strict=True)]
    for choice in choices(schema) if probabilities else ():
        shares = [None if row is None or row.probabilities is None else row.probabilities.get(choice) for row in inorder]
        made[f"p_{choice}"] = pd.Series(shares, dtype="Float64")
    own = {"error": pd.Series(errors, dtype="string"), **(_stats(inorder) if stats else {})}
    frame = pd.DataFrame(made | {_free(name, made): each for name, each in own.items()})
    frame.index = index
    return frame


def rows_frame(
    rows: Mapping[int, RowEvent], count: int, schema: Mapping[str, Any] | None, *, probabilities: bool = False
) -> pd.DataFrame:
    """One row for each row of a batch, by its number, whether it has ended or not.

    Returns:
        Columns: as of `answers` with `stats`; before them `text` (string): the answer as it came; and after them `at`: when
        the end of the row was written, UTC. Both have `row_` before their names where a field is called like them.
    """
    index = pd.RangeIndex(count, name="row")
    ended = {i: event.data for i, event in rows.items()}
    made = answers(ended, index, schema, stats=True, probabilities=probabilities)
    if schema is None:
        made = made.drop(columns="answer")
    inorder = [rows.get(i) for i in range(count)]
    texts = pd.Series([event and event.data.text for event in inorder], index=index, dtype="string")
    ends = pd.Series([event and event.at for event in inorder], index=index, dtype=UTC)
    made.insert(0, _free("text", made), texts)
    made[_free("at", made)] = ends
    return made


def _free(name: str, taken: Container[str]) -> str:
    while name in taken:
        name = f"row_{name}"
    return name


def _unheld(columns: Iterable[Field], answer: Any) -> str | None:
    return next((f"InvalidAnswer: {why}" for field in columns if (why := field.unheld(answer))), None)


def _error(row: RowData | None) -> str | None:
    return None if row is None or row.error is None else f"{row.error.kind}: {row.error.what}"


def _stats(rows: Sequence[RowData | None]) -> dict[str, pd.Series[Any]]:
    return {name: pd.Series([_stat(row, name) for row in rows], dtype=kind) for name, kind in STATS.items()}


def _stat(row: RowData | None, name: str) -> Any:
    if row is None:
        return None
    if name in ("prompt_tokens", "completion_tokens"):
        return None if row.usage is None else getattr(row.usage, name)
    value = getattr(row, name)
    return (str(value) if name == "finish_reason" else value) if value not in (None, "") else None
