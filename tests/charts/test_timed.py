"""What a frame of rows says about time."""

from __future__ import annotations

import pandas as pd
import pytest

from queenlib.charts.timed import counted, placed, timed
from queenlib.columns.rows import answers
from queenlib.errors import InvalidRequest
from tests.charts.making import FRAMES, drawable, row, unanswered
from tests.display.making import AT


def test_a_row_begins_as_long_before_its_end_as_it_took() -> None:
    """Its request, its first token and its end, in seconds since the first request."""
    found = placed(drawable(row(0, 5), row(1, 3, ttft_ms=500, decode_ms=1500, tokens=4)))
    assert found.rows[["start_s", "first_s", "end_s"]].values.tolist() == [
        pytest.approx([3, 3.1, 4]),
        pytest.approx([0, 0.5, 2]),
    ]
    assert found.rows["tokens"].tolist() == [10, 4]
    assert found.since == pd.Timestamp(AT) + pd.Timedelta(seconds=1)


def test_what_is_left_out_is_said() -> None:
    """By why; what is cached has a time, but not in this batch."""
    frame = FRAMES["all kinds"]
    left = "1 failed before an answer began; 1 not timed"
    assert timed(frame).note == f"3 of 5 rows; 1 from cache, as they were when they were made; {left}"
    assert placed(frame).note == f"2 of 5 rows; 1 from cache left out; {left}"
    assert placed(drawable(unanswered(0))).note == "0 of 1 row; 1 failed before an answer began"
    assert counted(2000) == "2,000 rows"


def test_columns_are_found_by_the_names_that_they_have() -> None:
    """With a prefix; with `row_` where a field is called like one; in a frame that was joined, with any index."""
    data = row(0, 1).data.model_copy(update={"parsed": {"ttft_ms": "slow", "error": "none"}})
    schema = {"type": "object", "properties": {"ttft_ms": {"type": "string"}, "error": {"type": "string"}}}
    index = pd.Index(["a", "a"])
    made = answers({0: data}, index, schema, stats=True).add_prefix("m_")
    joined = pd.concat([pd.DataFrame({"ttft_ms": [1, 2]}, index=index), made], axis=1)
    found = timed(joined, "m_")
    assert (found.rows["ttft_ms"].tolist(), found.rows["failed"].tolist(), found.count) == ([100], [False], 2)
    event = row(0, 1, parsed={"at": "noon"})
    assert placed(drawable(event, schema={"type": "object", "properties": {"at": {"type": "string"}}})).count == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": 1}, "This is dict"),
        (pd.DataFrame({"a": []}), "no column 'ttft_ms'"),
        (answers({}, pd.RangeIndex(2), None, stats=True), "no column 'at'"),
    ],
)
def test_what_is_no_frame_of_rows_is_refused(given: pd.DataFrame, said: str) -> None:
    """With what would be one."""
    with pytest.raises(InvalidRequest, match=said) as caught:
        placed(given)
    assert "job.frame(of='rows')" in caught.value.next
