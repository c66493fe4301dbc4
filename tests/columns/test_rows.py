"""The rows of a batch as a DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from queenlib.columns.rows import STATS, answers, names, rows_frame, rows_of
from queenlib.messages.answer import FinishReason, Usage
from queenlib.messages.events import Problem, RowEvent
from queenlib.messages.row import RowData
from tests.display.making import AT

USAGE = Usage(prompt_tokens=3, cached_tokens=1, completion_tokens=2)
FINE = RowData(
    i=0, text='{"n": 4}', parsed={"n": 4}, finish_reason=FinishReason.STOP, usage=USAGE, ttft_ms=1.5, hive_id="local",
    worker_id="w", cached=True, attempts=0,
)  # fmt: skip
BAD = RowData(
    i=2, text="half", finish_reason=FinishReason.LENGTH, error=Problem(kind="InvalidAnswer", what="It was cut off.")
)
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "error": {"type": "string"}, "cached": {"type": "null"}},
}
INDEX = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)])


@pytest.mark.parametrize("rows", [{}, {0: FINE, 2: BAD}])
@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_columns_and_types_do_not_depend_on_the_rows(rows: dict[int, RowData], schema: dict[str, Any] | None) -> None:
    """Nor does the index, which may have anything twice."""
    made = answers(rows, INDEX, schema, stats=True)
    assert made.index.equals(INDEX)
    assert list(made.columns) == names(schema, stats=True)
    kinds = {name: str(kind) for name, kind in made.dtypes.items()}
    expected = {"answer": "string"} if schema is None else {"n": "Int64", "error": "string", "cached": "object"}
    expected["error" if schema is None else "row_error"] = "string"
    own = {f"row_{name}" if schema and name == "cached" else name: str(kind) for name, kind in STATS.items()}
    assert kinds == {**expected, **own}


def test_values_stand_in_their_rows() -> None:
    """What has not ended is missing; an error is told in its place; a field called like a column of ours keeps its name."""
    made = answers({0: FINE, 2: BAD}, INDEX, SCHEMA, stats=True)
    assert made["n"].tolist() == [4, pd.NA, pd.NA]
    assert made["row_error"].tolist()[2] == "InvalidAnswer: It was cut off."
    assert made["row_error"].isna().tolist() == [True, True, False]
    first = made.iloc[0]
    assert (first["ttft_ms"], first["prompt_tokens"], first["finish_reason"], first["row_cached"]) == (1.5, 3, "stop", True)
    assert (first["hive_id"], first["attempts"]) == ("local", 0)
    assert made.iloc[1].isna().all()
    plain = answers({0: FINE, 2: BAD}, INDEX, None)
    assert plain["answer"].tolist() == ['{"n": 4}', pd.NA, "half"]


def test_a_number_beyond_its_column_is_an_error_of_its_row() -> None:
    """The other rows are there all the same."""
    huge = FINE.model_copy(update={"i": 1, "parsed": {"n": 10**20}})
    made = answers({0: FINE, 1: huge}, pd.RangeIndex(2), SCHEMA)
    assert made["n"].tolist() == [4, pd.NA]
    assert made["row_error"].tolist() == [pd.NA, "InvalidAnswer: n is 100000000000000000000, for which Int64 has no room"]


def test_no_field_is_lost_to_a_column_of_ours() -> None:
    """However it is called."""
    schema = {"type": "object", "properties": {"error": {"type": "string"}, "row_error": {"type": "integer"}}}
    assert names(schema, stats=False) == ["error", "row_error", "row_row_error"]


def test_each_choice_has_a_column() -> None:
    """Where that was asked for: a number from 0 to 1, missing where nobody says."""
    schema = {"type": "string", "enum": ["good", "so so"]}
    row = RowData(i=1, text='"good"', parsed="good", probabilities={"good": 0.75, "so so": 0.25})
    made = answers({1: row, 2: BAD}, INDEX, schema, probabilities=True)
    assert list(made.columns) == ["answer", "p_good", "p_so so", "error"]
    assert list(made.columns) == names(schema, stats=False, probabilities=True)
    assert made["p_good"].tolist() == [pd.NA, 0.75, pd.NA]
    assert str(made["p_so so"].dtype) == "Float64"
    event = RowEvent(job_id="job-a", seq=2, at=AT, data=row)
    assert rows_frame({1: event}, 2, schema, probabilities=True)["p_so so"].tolist() == [pd.NA, 0.25]
    assert "p_good" not in answers({1: row}, INDEX, schema)


def test_a_batch_has_a_row_for_each_of_its_rows() -> None:
    """By number, with the text as it came, and when it ended."""
    events = [RowEvent(job_id="job-a", seq=2 + at, at=AT, data=row) for at, row in enumerate((BAD, FINE))]
    made = rows_frame(rows_of(events), 3, SCHEMA)
    assert made["text"].tolist() == ['{"n": 4}', pd.NA, "half"]
    assert made.index.tolist() == [0, 1, 2]
    assert made["at"].tolist() == [AT, pd.NaT, AT]
    empty = rows_frame({}, 3, None)
    assert "answer" not in empty.columns
    assert str(empty["at"].dtype) == str(made["at"].dtype) == "datetime64[ns, UTC]"


def test_a_field_called_like_a_column_keeps_its_name() -> None:
    """That of ours has `row_` before it."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}, "at": {"type": "string"}}}
    event = RowEvent(job_id="job-a", seq=2, at=AT, data=FINE.model_copy(update={"parsed": {"text": "x", "at": "noon"}}))
    made = rows_frame({0: event}, 1, schema)
    assert list(made[["text", "at", "row_text", "row_at"]].iloc[0]) == ["x", "noon", '{"n": 4}', AT]
