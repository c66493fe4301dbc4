"""Frames as they are kept in files."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from queenlib.columns.kept import Kind, Note, keep, restore

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["$queenlib", "$$queenlib", "nan"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from([pd.NA, pd.NaT]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, of the same types throughout, and what is missing in the same way."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, float):
        return repr(one) == repr(other)
    return one is other or bool(one == other)


@given(st.lists(VALUES, max_size=6))
def test_values_come_back_as_they_were(values: list[Any]) -> None:
    """Of all types that JSON has a word for, and those that are missing or no finite number; others see JSON."""
    frame = pd.DataFrame({"a": pd.Series(values, dtype="object")})
    kept, note = keep(frame)
    assert str(kept["a"].dtype) == "string"
    for text, value in zip(kept["a"], values, strict=True):
        assert (value is None) == (text is pd.NA)
        assert text is pd.NA or json.loads(text, parse_constant=pytest.fail) is not None or value is None
    again = restore(kept, note)
    assert all(map(same, again["a"].tolist(), frame["a"].tolist()))
    assert str(again["a"].dtype) == "object"


def test_categories_are_texts_in_a_file() -> None:
    """With what they were in the note, also those that no row has."""
    frame = pd.DataFrame(
        {"a": pd.Categorical(["x", None], categories=["y", "x"], ordered=True), "b": pd.Categorical([3, 1])}
    )
    kept, note = keep(frame)
    assert kept["a"].tolist() == ["x", pd.NA]
    assert note.columns["a"] == Kind(dtype=str(frame["a"].cat.categories.dtype), categories=("y", "x"), ordered=True)
    again = restore(kept, Note.model_validate_json(note.model_dump_json()))
    assert_frame_equal(again, frame)


def test_what_was_added_or_taken_away_is_not_missed() -> None:
    """By another program, that kept the note: columns, and levels of the index."""
    frame = pd.DataFrame({"a": [[1]], "b": [1]}, index=pd.Index(["x"], dtype="str"))
    kept, note = keep(frame)
    made = restore(kept.drop(columns="b").assign(c=2).set_index("c", append=True), note)
    assert made["a"].tolist() == [[1]]
    assert made.index.tolist() == [("x", 2)]


def test_levels_of_columns_are_not_missed_either() -> None:
    """Where another program took one away and added one, it has nothing below its name."""
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("b", "x")], names=["side", None]))
    kept, note = keep(frame)
    assert list[Any](kept.columns) == [("a", "x"), ("b", "x")]
    flat = pd.DataFrame({"('b', 'x')": [2], "c": [3]})
    made = restore(flat, Note.model_validate_json(note.model_dump_json()))
    assert list[Any](made.columns) == [("b", "x"), ("c", "")]
    assert made.columns.names == ["side", None]


@pytest.mark.parametrize("name", ["self", "", "a b"])
def test_a_column_may_be_called_anything(name: str) -> None:
    """Also like what Python calls its own."""
    frame = pd.DataFrame({name: [[1], None]})
    assert_frame_equal(restore(*keep(frame)), frame)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({1: [1]}), "called 1, which is no text"),
        (pd.DataFrame({"a": [(1,)]}), "row 0 of column 'a' holds a tuple"),
        (pd.DataFrame({"a": [None, [{"b": {1: 2}}]]}), "row 1 of column 'a' holds a dict"),
        (pd.DataFrame({"a": pd.cut([1, 2], 2)}), "column 'a' has categories that are neither texts nor numbers"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([(1, 2)], tupleize_cols=False)), "level 0 of the index holds a tuple"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(frame: pd.DataFrame, said: str) -> None:
    """With where it is."""
    with pytest.raises(ValueError, match=said):
        keep(frame)


def test_what_is_too_deep_is_refused() -> None:
    """As what it is."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="too deep"):
        keep(pd.DataFrame({"a": pd.Series([deep], dtype="object")}))
    while deep:
        deep = deep.pop()  # one by one, for it is too deep for the interpreter as well


@pytest.mark.parametrize("text", ["{", '{"$queenlib": 3}', '{"$queenlib": "x"}'])
def test_a_word_that_nobody_wrote_is_refused(text: str) -> None:
    """It is no JSON, or stands for nothing."""
    note = Note(columns={"a": Kind(dtype="object")}, levels=(), names=())
    with pytest.raises(ValueError, match=r"."):
        restore(pd.DataFrame({"a": [text]}), note)
    assert math.isnan(restore(pd.DataFrame({"a": ['{"$queenlib": "nan"}']}), note).loc[0, "a"])  # type: ignore[arg-type]
