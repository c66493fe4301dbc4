"""Vectors as arrays, and as cells of a column."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queenlib.columns.vectors import array, column_of, series, texts_of, vectors_frame, vectors_of
from queenlib.errors import InvalidRequest, PromptTooLong
from queenlib.messages.events import Problem, VectorsEvent
from queenlib.messages.vectors import VectorsData
from tests.display.making import AT

TOO_LONG = Problem(kind="PromptTooLong", what="It is long.", next="Shorten it.", fields={"prompt_tokens": 9})
FAILED = VectorsData(rows=(1,), error=TOO_LONG)


def some(rows: tuple[int, ...], dimensions: int) -> VectorsData:
    """Vectors that begin with the numbers of their texts."""
    numbers = [float(i) if at == 0 else 0.5 for i in rows for at in range(dimensions)]
    packed = struct.pack(f"<{len(numbers)}f", *numbers)
    return VectorsData(rows=rows, dimensions=dimensions, data=base64.b64encode(packed).decode())


def by_number(*given: VectorsData) -> dict[int, VectorsData]:
    """What came of each text, by way of events."""
    return vectors_of(VectorsEvent(job_id="job-a", seq=2 + at, at=AT, data=each) for at, each in enumerate(given))


@given(st.integers(1, 5), st.permutations(range(7)), st.integers(1, 6))
def test_an_array_is_in_the_order_of_the_texts(dimensions: int, rows: list[int], cut: int) -> None:
    """In whichever order and portions they came; float32, one's own to write in."""
    made = array(by_number(some(tuple(rows[:cut]), dimensions), some(tuple(rows[cut:]), dimensions)), 7)
    assert (made.shape, made.dtype) == ((7, dimensions), np.dtype(np.float32))
    assert made[:, 0].tolist() == list(range(7))
    made[0, 0] = 3


def test_an_array_has_no_holes() -> None:
    """The error of a text that has no vector says which it is, and is of its class."""
    with pytest.raises(PromptTooLong, match=r"Text 1 of 2 has no vector: It is long\.") as caught:
        array(by_number(some((0,), 2), FAILED), 2)
    assert caught.value.prompt_tokens == 9


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_a_column_is_aligned(dimensions: int) -> None:
    """An array in each cell that has a text with a vector, whatever the index; the others are missing."""
    index = pd.Index(["b", "b", None, "a"])
    made = series(by_number(some((2, 0), dimensions), FAILED), [0, 1, 3], index, "t")
    assert made.index.equals(index)
    assert (made.name, str(made.dtype), made.isna().tolist()) == ("t", "object", [False, True, True, False])
    for cell, number in ((made.iloc[0], 0), (made.iloc[3], 2)):
        assert (cell.shape, cell.dtype, cell[0]) == ((dimensions,), np.float32, number)


def test_a_frame_tells_of_all_texts() -> None:
    """With their vectors, or why there is none; both are missing where a text is not done."""
    made = vectors_frame(by_number(some((0,), 3), FAILED), 3)
    assert made["vector"].isna().tolist() == [False, True, True]
    assert made["error"].isna().tolist() == [True, False, True]
    assert made["error"][1] == "PromptTooLong: It is long."


@pytest.mark.parametrize("given", [["a", "é"], ("a", "é"), pd.Series(["a", "é"]), np.array(["a", "é"]), iter(["a", "é"])])
def test_texts_may_come_in_many_forms(given: Any) -> None:
    """They are plain texts afterwards."""
    assert [type(each) for each in texts_of(given)] == [str, str]


@pytest.mark.parametrize(
    "given", ["a", b"a", 3, None, {"a": 1}, ["a", None], ["a", 3], [b"a"], pd.Series(["a", float("nan")])]
)
def test_what_is_no_list_of_texts_is_refused(given: Any) -> None:
    """A single one included, in four parts."""
    with pytest.raises(InvalidRequest) as caught:
        texts_of(given)
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))


def test_cells_without_a_text_are_left_out() -> None:
    """Missing ones of every kind, and empty ones; each says which it is."""
    found = column_of(pd.Series(["a", None, "", float("nan"), pd.NA, pd.NaT, " "]))
    assert (found.places, found.texts, list(found.without)) == ([0, 6], ["a", " "], [1, 2, 3, 4, 5])
    assert found.without[1] == found.without[4] == "MissingCell: There is nothing in this cell."
    assert found.without[2] == "MissingCell: The text is empty in this cell."
    assert column_of(pd.Series(["a", None], dtype="string")).texts == ["a"]
    assert column_of(pd.Series(["b", "a", "b"], dtype="category")).texts == ["b", "a", "b"]


def test_a_frame_of_a_column_tells_of_all_cells() -> None:
    """With the column's index, whatever it is: the vector, or why there is none; both missing where it is not done."""
    index = pd.MultiIndex.from_tuples([("x", 1), ("x", 1), ("y", None), ("y", 2), ("z", 2)])
    column = pd.Series([None, "a", "long", "", "b"], index=index, name="t")
    made = column_of(column).frame(by_number(some((0,), 3), FAILED))
    assert made.index.equals(index)
    assert made["vector"].isna().tolist() == [True, False, True, True, True]
    kinds = ["MissingCell", pd.NA, "PromptTooLong", "MissingCell", pd.NA]
    assert made["error"].str.partition(":")[0].tolist() == kinds
    assert list(made.dtypes) == ["object", "string"]


@pytest.mark.parametrize("given", [["a"], pd.DataFrame({"a": ["x"]}), pd.Series([1, 2]), pd.Series(["a", ["b"]])])
def test_what_is_no_column_of_texts_is_refused(given: Any) -> None:
    """Nor is one with a cell that is something else."""
    with pytest.raises(InvalidRequest) as caught:
        column_of(given)
    assert all((caught.value.what, caught.value.why, caught.value.state, caught.value.next))
