"""The answers of several sides to the same questions, as a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from queenlib.columns.rows import answers
from queenlib.messages.row import RowData


@dataclass(frozen=True)
class Told:
    """What one side has answered."""

    rows: Mapping[int, RowData]
    """By their numbers."""
    schema: Mapping[str, Any] | None = None
    """What each answer looks like, if that was said."""
    probabilities: bool = False
    """Whether they say how likely each choice was."""


def labels(of: Sequence[Any], name: str) -> pd.Index[Any]:
    """An index with these labels."""
    made: pd.Index[Any] = pd.Index(of, name=name)
    return made


def compared(sides: Mapping[str, Told], index: pd.Index[Any]) -> pd.DataFrame:
    """One row for each entry of the index, in its order.

    Args:
        sides: What each has answered, by its name.
        index: What was asked.

    Returns:
        Two levels of columns: the name of a side, and below it those of `queenlib.columns.rows.answers`, with `stats`.
    """
    made = [answers(each.rows, index, each.schema, stats=True, probabilities=each.probabilities) for each in sides.values()]
    return pd.concat(made, axis=1, keys=list(sides))
