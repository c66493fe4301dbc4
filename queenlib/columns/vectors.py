"""Vectors as arrays, and as cells of a column."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from queenlib.errors import InvalidRequest, MissingCell, QueenError, revive
from queenlib.messages.events import Event, VectorsEvent
from queenlib.messages.vectors import VectorsData

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Column:
    """A column that vectors are made of."""

    index: pd.Index[Any]
    """It may have anything twice."""
    name: Any
    """What it is called."""
    places: Sequence[int]
    """For each text, the place of its cell, from 0."""
    texts: Sequence[str]
    """The texts, none of them empty."""
    without: Mapping[int, str]
    """Why each of the other cells has no text, by its place."""

    def series(self, made: Mapping[int, VectorsData]) -> pd.Series[Any]:
        """A column of vectors: see `series`."""
        return series(made, self.places, self.index, self.name)

    def frame(self, made: Mapping[int, VectorsData]) -> pd.DataFrame:
        """One row a cell, with the column's index, whether it is done or not: columns as of `vectors_frame`."""
        return _frame(made, self.places, self.index, self.without)


def texts_of(given: Any) -> list[str]:
    """The texts of a list, an array, an index or a column of them.

    Raises:
        InvalidRequest: They are no texts; a single one is no list of them either.
    """
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise _no_texts(f"what was given is of type {type(given).__name__}", "queen.embed(['…', '…'])")
    texts = list(given)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            why = f"number {number:,} is {type(text).__name__}"
            raise _no_texts(why, "queen.embed_frame(df['column']) leaves out what is missing")
    return [str(text) for text in texts]


def column_of(given: pd.Series[Any]) -> Column:
    """The texts of a column. What is missing or empty has none.

    Raises:
        InvalidRequest: It is no column, or a cell is no text.
    """
    if not isinstance(given, pd.Series):
        raise _no_texts(f"what was given is of type {type(given).__name__}, no column", "queen.embed_frame(df['column'])")
    places, texts, without = list[int](), list[str](), dict[int, str]()
    for place, value in enumerate(given.array):
        if isinstance(value, str) and value:
            places.append(place)
            texts.append(str(value))
        elif isinstance(value, str) or _missing(value):
            lacks = "The text is empty" if isinstance(value, str) else "There is nothing"
            without[place] = f"{MissingCell.__name__}: {lacks} in this cell."
        else:
            raise _no_texts(
                f"cell {place:,} of column {given.name!r} is {type(value).__name__}",
                "queen.embed_frame(df['column'].astype('string'))",
            )
    return Column(given.index, given.name, places, texts, without)


def vectors_of(events: Iterable[Event]) -> dict[int, VectorsData]:
    """What came of each text among these events, by its number."""
    return {i: event.data for event in events if isinstance(event, VectorsEvent) for i in event.data.rows}


def array(made: Mapping[int, VectorsData], count: int) -> Vector:
    """All vectors.

    Args:
        made: What came of each text, by its number.
        count: How many texts there are.

    Returns:
        Shape (`count`, dimensions), float32.

    Raises:
        QueenError: A text has none: why.
    """
    for i in range(count):
        if (problem := made[i].error) is not None:
            raise _named(i, count, revive(problem.wire()))
    found = dict(_vectors(made))
    return np.stack([found[i] for i in range(count)])


def series(made: Mapping[int, VectorsData], places: Sequence[int], index: pd.Index[Any], name: Any) -> pd.Series[Any]:
    """A column of vectors.

    Args:
        made: What came of each text, by its number.
        places: For each text, the place of its cell.
        index: That of the column that was asked about; it may have anything twice.
        name: The column's.

    Returns:
        An array of float32 in each cell, all of one shape (dimensions,); `None` where a text is missing, empty, or failed.
    """
    cells = np.full(len(index), None, dtype=object)
    for i, vector in _vectors(made):
        cells[places[i]] = vector
    return pd.Series(cells, index=index, name=name, dtype=object)


def vectors_frame(made: Mapping[int, VectorsData], count: int) -> pd.DataFrame:
    """One row a text, by its number, whether it is done or not.

    Returns:
        Columns: `vector` (an array of float32; `None` where there is none), `error` (string: its class and what it says).
    """
    return _frame(made, range(count), pd.RangeIndex(count, name="text"), {})


def _frame(
    made: Mapping[int, VectorsData], places: Sequence[int], index: pd.Index[Any], without: Mapping[int, str]
) -> pd.DataFrame:
    problems = {places[i]: each.error for i, each in made.items() if each.error is not None}
    said = {**without, **{place: f"{each.kind}: {each.what}" for place, each in problems.items()}}
    errors = pd.Series([said.get(place) for place in range(len(index))], index=index, dtype="string")
    return pd.DataFrame({"vector": series(made, places, index, "vector"), "error": errors})


def _vectors(made: Mapping[int, VectorsData]) -> Iterator[tuple[int, Vector]]:
    """The vectors by their numbers: what came together is unpacked once."""
    together = {id(each): each for each in made.values() if each.error is None}
    for each in together.values():
        packed = np.frombuffer(base64.b64decode(each.data), dtype="<f4").astype(np.float32)
        for i, vector in zip(each.rows, packed.reshape(len(each.rows), each.dimensions), strict=True):
            if made[i] is each:
                yield i, vector


def _missing(value: Any) -> bool:
    missing = pd.isna(value)
    return isinstance(missing, bool) and missing


def _named(i: int, count: int, error: QueenError) -> QueenError:
    error.what = f"Text {i:,} of {count:,} has no vector: {error.what}"
    return error


def _no_texts(why: str, instead: str) -> InvalidRequest:
    return InvalidRequest(
        "These are no texts that vectors can be made of.",
        why=f"{why[:1].upper()}{why[1:]}.",
        state="No job was made.",
        next=f"For example: await {instead}",
    )
