"""The answers of several sides."""

from __future__ import annotations

import pandas as pd

from queenlib.columns.compared import Told, compared, labels
from queenlib.messages.answer import FinishReason
from queenlib.messages.row import RowData

SCHEMA = {"type": "object", "properties": {"stars": {"type": "integer"}}}


def test_sides_stand_beside_each_other() -> None:
    """Each with the columns of its own schema, aligned with any index, missing where there is no answer."""
    index = labels(["x", "y", "x"], "prompt")
    one = RowData(i=0, text="one", finish_reason=FinishReason.STOP)
    five = RowData(i=2, text="{}", finish_reason=FinishReason.STOP, parsed={"stars": 5})
    frame = compared({"a": Told({0: one}), "b": Told({2: five}, SCHEMA)}, index)
    assert frame.index.equals(index)
    assert frame["a"]["answer"].fillna("").tolist() == ["one", "", ""]
    assert frame["b"]["stars"].dtype == pd.Int64Dtype()
    assert frame["b"]["stars"].fillna(0).tolist() == [0, 0, 5]
    assert ("b", "ttft_ms") in frame.columns


def test_a_side_may_say_how_likely_each_choice_was() -> None:
    """In columns of its own, missing where nobody says."""
    row = RowData(i=0, text="x", parsed="x", probabilities={"x": 0.75, "y": 0.25}, finish_reason=FinishReason.STOP)
    schema = {"type": "string", "enum": ["x", "y"]}
    frame = compared({"a": Told({0: row}, schema, probabilities=True), "b": Told({0: row}, schema)}, labels([0, 1], "row"))
    assert frame["a"]["p_x"].tolist() == [0.75, pd.NA]
    assert "p_x" not in frame["b"]
