"""The answers of several sides to the same questions, as a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from queenlib.columns.rows import answers
from queenlib.messages.row import RowData


def labels(of: Sequence[Any], name: str) -> pd.Index[Any]:
    """An index with these labels."""
    made: pd.Index[Any] = pd.Index(of, name=name)
    return made


def compared(
    sides: Mapping[str, tuple[Mapping[int, RowData], Mapping[str, Any] | None]], index: pd.Index[Any]
) -> pd.DataFrame:
    """One row for each entry of the index, in its order.

    Args:
        sides: For each its name, its rows by their numbers, and its schema.
        index: What was asked.

    Returns:
        Two levels of columns: the name of a side, and below it those of `queenlib.columns.rows.answers`, with `stats`.
    """
    made = [answers(rows, index, schema, stats=True) for rows, schema in sides.values()]
    return pd.concat(made, axis=1, keys=list(sides))
