"""What the columns and levels of a frame are called, if it is to be kept in a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd


class Unnamed(ValueError):
    """A name that nothing in a file can have.

    Args:
        what: Which.
        next: What to do.
    """

    def __init__(self, what: str, next: str) -> None:
        super().__init__(what)
        self.next = next


def check_names(frame: pd.DataFrame) -> None:
    """See to it that all is called by texts, and no two columns alike.

    Raises:
        Unnamed: Something is not.
    """
    several, columns = isinstance(frame.columns, pd.MultiIndex), list(frame.columns)
    for name in columns:
        if not all(isinstance(part, str) for part in (name if several else [name])):
            raise Unnamed(f"a column is called {name!r}, which is no text", "Make them texts: frame.rename(columns=str)")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        said = f"{columns.count(twice[0])} columns are called {twice[0]!r}"
        raise Unnamed(said, "Give each a name of its own: frame.columns = ['…', '…']")
    _check_levels("index", frame.index.names)
    if several:
        _check_levels("columns", frame.columns.names)


def _check_levels(axis: str, names: Iterable[Any]) -> None:
    for name in names:
        if not isinstance(name, str | None):
            mended = f"frame.rename_axis({axis}={{{name!r}: {str(name)!r}}})"
            raise Unnamed(f"a level of the {axis} is called {name!r}, which is no text", f"Make it one: {mended}")
