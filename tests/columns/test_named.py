"""What the columns and levels of a frame are called."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from queenlib.columns.named import Unnamed, check_names


def levels(*heads: tuple[Any, ...], names: Any = None) -> pd.MultiIndex:
    """Columns of several levels."""
    return pd.MultiIndex.from_tuples(heads, names=names)


@pytest.mark.parametrize(
    ("frame", "said", "next"),
    [
        (pd.DataFrame({1: [1]}), "a column is called 1, which is no text", "frame.rename(columns=str)"),
        (
            pd.DataFrame([[1]], columns=levels(("a", 1))),
            "a column is called ('a', 1), which is no text",
            "frame.rename(columns=str)",
        ),
        (
            pd.DataFrame({"a": [1]}, index=pd.Index([1], name=3)),
            "a level of the index is called 3, which is no text",
            "frame.rename_axis(index={3: '3'})",
        ),
        (
            pd.DataFrame([[1]], columns=levels(("a", "b"), names=["x", 2])),
            "a level of the columns is called 2, which is no text",
            "frame.rename_axis(columns={2: '2'})",
        ),
    ],
)
def test_what_is_called_by_no_text_is_refused(frame: pd.DataFrame, said: str, next: str) -> None:
    """With what mends it: that is enough."""
    with pytest.raises(Unnamed, match=re.escape(said)) as caught:
        check_names(frame)
    assert next in caught.value.next
    check_names(eval(next, {"frame": frame, "str": str}))


@pytest.mark.parametrize(("columns", "said"), [(["a", "a"], "'a'"), (levels(("a", "b"), ("a", "b")), "('a', 'b')")])
def test_columns_that_are_called_alike_are_refused(columns: Any, said: str) -> None:
    """A file has each name once."""
    with pytest.raises(Unnamed, match=re.escape(f"2 columns are called {said}")) as caught:
        check_names(pd.DataFrame([[1, 2]], columns=columns))
    assert "frame.columns = [" in caught.value.next


def test_columns_of_levels_are_called_by_texts() -> None:
    """The first names may be the same; a level may have no name."""
    check_names(pd.DataFrame([[1, 2]], columns=levels(("a", "b"), ("a", "c"), names=["x", None])))
